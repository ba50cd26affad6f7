import { UsageError } from '@sess/core';
import { expect, it } from 'vitest';
import { __camel__Store, type __Name__StoreOptions } from '../src/index.js';

it('gives up on a call after a second, or as it is told', () => {
  expect(__camel__Store().timeout).toBe(1_000);
  expect(__camel__Store({ timeout: 50 }).timeout).toBe(50);
});

it('refuses an option that it does not know', () => {
  const misspelt = { timout: 50 } as __Name__StoreOptions;
  expect(() => __camel__Store(misspelt)).toThrow(UsageError);
});
