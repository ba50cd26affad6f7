/**
 * The engine, for applications. Most use it through an adapter.
 *
 * @module @sess/core
 */
export * from '@sess/core';
