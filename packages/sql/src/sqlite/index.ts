export type { SqlDenylist } from '../denylist/sql-denylist.js';
export type { SqlDenylistOptions, SqlStoreOptions } from '../store/options.js';
export type { SchemaOptions } from '../store/schema.js';
export type { SqlStore } from '../store/sql-store.js';
export type { UserReference } from '../store/users.js';
export type { SqliteClient, SqlitePort } from './port.js';
export { sqliteSchema } from './schema.js';
export { sqliteDenylist } from './sqlite-denylist.js';
export { sqliteStore } from './sqlite-store.js';
