/**
 * A store and a denylist in MySQL and MariaDB.
 *
 * @module @sess/sql/mysql
 */
export * from '@sess/sql/mysql';
