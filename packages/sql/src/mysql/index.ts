export type { SqlDenylist } from '../denylist/sql-denylist.js';
export { mysqlDenylist } from './mysql-denylist.js';
export { type MysqlStore, type MysqlStoreOptions, mysqlStore } from './mysql-store.js';
export type { MysqlClient, MysqlPort } from './port.js';
export { mysqlSchema } from './schema.js';
