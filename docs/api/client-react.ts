/** @module @sess/client/react */
export * from '@sess/client/react';
