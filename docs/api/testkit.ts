/**
 * Helpers for the tests of applications, for any test runner.
 *
 * @module @sess/testkit
 */
export * from '@sess/testkit';
