import type { SessionStore } from '@sess/core/store';
import { createSwitches, type Switches } from './switches.js';

/** A store that fails when it is told to. */
export interface FaultyStore extends Switches<StoreOperation> {
  readonly store: SessionStore;
}

const OPERATIONS = [
  'load',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
  'list',
  'removeAll',
  'ready',
] as const;

export type StoreOperation = (typeof OPERATIONS)[number];

/** Puts a switch in front of a real store. Reads from memory are cut off, so that every read can fail. */
export function createFaultyStore(inner: SessionStore): FaultyStore {
  const { guarded, ...switches } = createSwitches('store', inner, OPERATIONS);
  return {
    ...switches,
    store: {
      ...guarded,
      timeout: inner.timeout,
      ...(inner.isLocal === undefined ? {} : { isLocal: inner.isLocal }),
      open: (context) => inner.open?.(context),
      close: () => inner.close(),
    },
  };
}
