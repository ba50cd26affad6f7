/**
 * A store and a denylist in PostgreSQL.
 *
 * @module @sess/sql/postgres
 */
export * from '@sess/sql/postgres';
