import type { Denylist } from '@sess/core/store';
import { createSwitches, type Switches } from './switches.js';

/** A denylist that fails when it is told to. */
export interface FaultyDenylist extends Switches<DenylistOperation> {
  readonly denylist: Denylist;
}

const OPERATIONS = ['currentVersion', 'isDenied', 'deny', 'denyAll', 'supersede', 'ready'] as const;

export type DenylistOperation = (typeof OPERATIONS)[number];

/** Puts a switch in front of a real denylist. What it knows by heart is cut off, so that every question can fail. */
export function createFaultyDenylist(inner: Denylist): FaultyDenylist {
  const { guarded, ...switches } = createSwitches('denylist', inner, OPERATIONS);
  return {
    ...switches,
    denylist: {
      ...guarded,
      timeout: inner.timeout,
      isLocal: inner.isLocal,
      open: (context) => inner.open?.(context),
      close: () => inner.close(),
    },
  };
}
