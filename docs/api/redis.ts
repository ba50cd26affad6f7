/** @module @sess/redis */
export * from '@sess/redis';
