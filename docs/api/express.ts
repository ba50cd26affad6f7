/**
 * Sessions on Express 5 and 4.
 *
 * @module @sess/express
 */
export * from '@sess/express';
