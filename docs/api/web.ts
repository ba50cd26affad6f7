/**
 * Sessions for every host with `Request` and `Response`.
 *
 * @module @sess/web
 */
export * from '@sess/web';
