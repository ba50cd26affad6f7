/**
 * The client as a React hook.
 *
 * @module @sess/client/react
 */
export * from '@sess/client/react';
