/**
 * Sessions on Fastify 5.
 *
 * @module @sess/fastify
 */
export * from '@sess/fastify';
