/**
 * A store and a denylist on Redis and Valkey.
 *
 * @module @sess/redis
 */
export * from '@sess/redis';
