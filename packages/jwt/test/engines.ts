import { Buffer } from 'node:buffer';
import {
  createSessions,
  memoryStore,
  type RegisteredData,
  type Sessions,
  type SessionsOptions,
} from '@sess/core';
import type { Denylist } from '@sess/core/store';
import { createFakeClock, createFaultyStore, createMemoryLogger } from '@sess/testkit';
import { createStatelessSessions, type JwtOptions, jwt, memoryDenylist } from '../src/index.js';
import type { StatelessOptions } from '../src/stateless/stateless-sessions.js';

export const SECRET = 'a secret of at least thirty-two bytes';
export const NAMES = { issuer: 'https://api.example.com', audience: 'api' } as const;

type Operation = 'currentVersion' | 'isDenied' | 'deny' | 'denyAll' | 'supersede' | 'ready';
const OPERATIONS: readonly Operation[] = [
  'currentVersion',
  'isDenied',
  'deny',
  'denyAll',
  'supersede',
  'ready',
];

/** A denylist that counts its calls, fails and forgets when told to, and does something else first when told to. */
function watch(make: () => Denylist) {
  let inner = make();
  const failing = new Set<string>();
  const calls: Operation[] = [];
  const first = new Map<Operation, () => unknown>();
  const watched: Record<string, unknown> = {};
  for (const operation of OPERATIONS) {
    watched[operation] = async (...parameters: readonly unknown[]): Promise<unknown> => {
      calls.push(operation);
      const act = first.get(operation);
      first.delete(operation);
      await act?.();
      if (failing.has(operation)) throw new Error(`the denylist is down (${operation})`);
      const call = inner[operation] as (...args: readonly unknown[]) => Promise<unknown>;
      return call.apply(inner, [...parameters]);
    };
  }
  const denylist: Denylist = {
    ...(watched as unknown as Denylist),
    timeout: inner.timeout,
    isLocal: inner.isLocal,
    open: (context) => inner.open?.(context),
    close: () => inner.close(),
  };
  return {
    denylist,
    calls,
    /** Once, right before the next call of that name. */
    before: (operation: Operation, act: () => unknown) => void first.set(operation, act),
    fail(...operations: readonly Operation[]) {
      for (const operation of operations.length > 0 ? operations : OPERATIONS)
        failing.add(operation);
    },
    heal: () => failing.clear(),
    /** Loses everything, as a server does that is flushed. */
    flush() {
      inner = make();
    },
  };
}

export type Events = readonly (readonly [string, unknown])[];

/** Everything that an engine tells. */
export function recordEvents<Data extends object>(sessions: Sessions<Data>): Events {
  const events: [string, unknown][] = [];
  for (const name of [
    'created',
    'refreshed',
    'revoked',
    'reuse',
    'rejected',
    'store-error',
  ] as const) {
    sessions.on(name, (event) => void events.push([name, event]));
  }
  return events;
}

/** An engine with signed access tokens, whose clock, store, denylist, log and events a test can look at. */
export function arrangeJwt(
  given: { readonly engine?: SessionsOptions; readonly tokens?: Partial<JwtOptions> } = {},
) {
  const clock = createFakeClock();
  const faulty = createFaultyStore(memoryStore({ clock }));
  const watched = watch(() => memoryDenylist({ clock }));
  const logger = createMemoryLogger();
  const revocation = given.tokens?.revocation ?? 'denylist';
  const tokenOptions: JwtOptions = {
    keys: SECRET,
    ...NAMES,
    revocation,
    ...(revocation === 'denylist' ? { denylist: watched.denylist } : {}),
    ...given.tokens,
  };
  /** One more engine on the same store, denylist and keys: another process, or the next life of this one. */
  const another = (more: SessionsOptions = {}): Sessions =>
    createSessions<RegisteredData>({
      store: faulty.store,
      clock,
      logger,
      accessToken: jwt(tokenOptions),
      ...given.engine,
      ...more,
    });
  const sessions = another();
  return { clock, faulty, watched, logger, sessions, another, events: recordEvents(sessions) };
}

/** A stateless engine, with a denylist unless told otherwise. */
export function arrangeStateless(more: Partial<StatelessOptions> = {}) {
  const clock = createFakeClock();
  const watched = watch(() => memoryDenylist({ clock }));
  const logger = createMemoryLogger();
  const another = () =>
    createStatelessSessions<RegisteredData>({
      keys: SECRET,
      ...NAMES,
      denylist: watched.denylist,
      clock,
      logger,
      ...more,
    });
  const sessions = another();
  return { clock, watched, logger, sessions, another, events: recordEvents(sessions) };
}

/** What a token says, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

/** The outcome of a refresh that has to be good. */
export function good<Result extends { readonly ok: boolean }>(
  result: Result,
): Extract<Result, { ok: true }> {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result as Extract<Result, { ok: true }>;
}

/** Lets background work that needs no time finish. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
