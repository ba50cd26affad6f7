/**
 * The face of express-session for Express.
 *
 * @module @sess/express/classic
 */
export * from '@sess/express/classic';
