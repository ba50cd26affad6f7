/**
 * Sessions on Hono 4, for Node, Bun, Deno and Workers.
 *
 * @module @sess/hono
 */
export * from '@sess/hono';
