export type { SqliteClient, SqlitePort } from './port.js';
export { sqliteSchema } from './schema.js';
export { type SqliteStore, type SqliteStoreOptions, sqliteStore } from './sqlite-store.js';
