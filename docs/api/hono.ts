/** @module @sess/hono */
export * from '@sess/hono';
