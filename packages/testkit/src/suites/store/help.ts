import type { SessionStore } from '@sess/core/store';
import { createRecord } from '../record-factory.js';

/** The store's own time, which no test may guess. */
export async function timeOf(store: SessionStore): Promise<number> {
  return (await store.load(createRecord({ now: 0, subject: 'clock' }).sid)).now;
}

/** Freezes all the way down: a store that modifies what it was given fails loudly. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
