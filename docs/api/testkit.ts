/**
 * For tests of applications, stores and adapters.
 *
 * @module @sess/testkit
 */
export * from '@sess/testkit';
