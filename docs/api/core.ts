/** @module @sess/core */
export * from '@sess/core';
