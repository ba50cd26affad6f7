export type { SqlDenylist } from '../denylist/sql-denylist.js';
export type { PostgresClient, PostgresPort } from './port.js';
export { postgresDenylist } from './postgres-denylist.js';
export { type PostgresStoreOptions, postgresStore, type SqlStore } from './postgres-store.js';
export { postgresSchema } from './schema.js';
