import { type Clock, type Logger, StoreUnavailableError } from '@sess/core';
import {
  createCallStore,
  type EventSink,
  encodeBase64Url,
  type RandomBytes,
} from '@sess/core/internal';

import type { DeniableToken, Denial, Denylist, Supersession } from '@sess/core/store';

/** The denylist as engines use it. Faults are `StoreUnavailableError`s, and entries are kept as long as tokens live. */
export interface DenylistClient {
  /** Returns the version that a new token must carry. Called before the write that the token is issued for. */
  currentVersion(tag: string): Promise<number>;
  isDenied(token: DeniableToken, at: number): Promise<boolean>;
  /** True if the token is known, without a call, not to be denied. */
  isKnownValid(token: DeniableToken, at: number): boolean;
  deny(tag: string, denials: readonly Denial[]): Promise<void>;
  denyAll(tag: string, except?: string): Promise<void>;
  supersede(
    token: DeniableToken,
    given: { readonly at: number; readonly successor: string },
  ): Promise<Supersession | undefined>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface DenylistClientContext {
  readonly denylist: Denylist;
  readonly onError: 'fail' | 'accept';
  /** The longest life of a token in milliseconds, leeway included. */
  readonly maxTtlMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly events: EventSink;
  readonly logger: Logger;
}

/** Largest difference between the clocks of two machines. */
const CLOCK_SKEW_MS = 60_000;

export function createDenylistClient(context: DenylistClientContext): DenylistClient {
  const { denylist, onError, clock, random, events, logger } = context;
  const ttlMs = Math.ceil(context.maxTtlMs + CLOCK_SKEW_MS);
  const callStore = createCallStore({
    name: 'denylist',
    timeout: denylist.timeout,
    clock,
    events,
    logger,
  });
  denylist.open?.({ clock, logger });

  return {
    currentVersion: (tag) => callStore('currentVersion', () => denylist.currentVersion(tag, ttlMs)),
    async isDenied(token, at) {
      try {
        return await callStore('isDenied', () => denylist.isDenied(token, at));
      } catch (error) {
        if (onError === 'accept' && error instanceof StoreUnavailableError) return false;
        throw error;
      }
    },
    isKnownValid: (token, at) => denylist.isKnownValid?.(token, at) === true,
    async deny(tag, denials) {
      if (denials.length > 0) await callStore('deny', () => denylist.deny(tag, denials, ttlMs));
    },
    denyAll(tag, except) {
      const operation = encodeBase64Url(random(12));
      const options = { operation, ttlMs, ...(except === undefined ? {} : { except }) };
      return callStore('denyAll', () => denylist.denyAll(tag, options));
    },
    supersede: (token, { at, successor }) =>
      callStore('supersede', () => denylist.supersede(token, { at, successor, ttlMs })),
    ready: () => callStore('ready', () => denylist.ready()),
    close: () => denylist.close(),
  };
}
