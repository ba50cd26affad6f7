/**
 * The HTTP protocol, for authors of adapters.
 *
 * @module @sess/core/http
 */
export * from '@sess/core/http';
