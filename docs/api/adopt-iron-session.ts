/**
 * The source of iron-session.
 *
 * @module @sess/adopt/iron-session
 */
export * from '@sess/adopt/iron-session';
