/** @module @sess/express */
export * from '@sess/express';
