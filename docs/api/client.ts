/**
 * The browser's side.
 *
 * @module @sess/client
 */
export * from '@sess/client';
