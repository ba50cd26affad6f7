/**
 * The contract of stores and denylists, for their authors.
 *
 * @module @sess/core/store
 */
export * from '@sess/core/store';
