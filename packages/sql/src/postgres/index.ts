export type { PostgresClient, PostgresPort } from './port.js';
export { type PostgresStoreOptions, postgresStore, type SqlStore } from './postgres-store.js';
export { postgresSchema } from './schema.js';
