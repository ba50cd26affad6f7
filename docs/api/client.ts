/** @module @sess/client */
export * from '@sess/client';
