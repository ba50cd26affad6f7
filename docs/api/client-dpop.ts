/**
 * Proofs of a key with each request of a client.
 *
 * @module @sess/client/dpop
 */
export * from '@sess/client/dpop';
