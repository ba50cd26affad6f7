/**
 * Takes over the live sessions of other libraries.
 *
 * @module @sess/adopt
 */
export * from '@sess/adopt';
