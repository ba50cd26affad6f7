/**
 * A store and a denylist in SQLite.
 *
 * @module @sess/sql/sqlite
 */
export * from '@sess/sql/sqlite';
