export type { SqlDenylist } from '../denylist/sql-denylist.js';
export type { SqliteClient, SqlitePort } from './port.js';
export { sqliteSchema } from './schema.js';
export { sqliteDenylist } from './sqlite-denylist.js';
export { type SqliteStore, type SqliteStoreOptions, sqliteStore } from './sqlite-store.js';
