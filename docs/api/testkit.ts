/** @module @sess/testkit */
export * from '@sess/testkit';
