/** @module @sess/fastify */
export * from '@sess/fastify';
