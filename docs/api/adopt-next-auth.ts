/**
 * The source of next-auth and Auth.js.
 *
 * @module @sess/adopt/next-auth
 */
export * from '@sess/adopt/next-auth';
