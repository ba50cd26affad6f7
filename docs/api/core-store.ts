/** @module @sess/core/store */
export * from '@sess/core/store';
