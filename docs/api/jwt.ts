/**
 * Signed access tokens and stateless sessions.
 *
 * @module @sess/jwt
 */
export * from '@sess/jwt';
