/** @module @sess/jwt */
export * from '@sess/jwt';
