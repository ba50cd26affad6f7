/** @module @sess/core/http */
export * from '@sess/core/http';
