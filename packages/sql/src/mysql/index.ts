export type { SqlDenylist } from '../denylist/sql-denylist.js';
export type { SqlDenylistOptions, SqlStoreOptions } from '../store/options.js';
export type { SchemaOptions } from '../store/schema.js';
export type { SqlStore } from '../store/sql-store.js';
export type { UserReference } from '../store/users.js';
export { mysqlDenylist } from './mysql-denylist.js';
export { mysqlStore } from './mysql-store.js';
export type { MysqlClient, MysqlPort } from './port.js';
export { mysqlSchema } from './schema.js';
