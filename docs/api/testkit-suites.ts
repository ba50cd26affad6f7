/**
 * Conformance suites for stores, denylists and adapters. They need vitest.
 *
 * @module @sess/testkit/suites
 */
export * from '@sess/testkit/suites';
