/**
 * Sessions that are bound to a key.
 *
 * @module @sess/bound
 */
export * from '@sess/bound';
