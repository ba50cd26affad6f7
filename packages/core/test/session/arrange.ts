import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import { createFakeClock, createFaultyStore, createMemoryLogger } from '@sess/testkit';

/** An engine on the memory store whose clock, store, log and events a test can look at. */
export function arrange(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const faulty = createFaultyStore(memoryStore({ clock }));
  const logger = createMemoryLogger();
  const sessions = createSessions({ store: faulty.store, clock, logger, ...options });
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
  return { clock, faulty, logger, sessions, events, names: () => events.map(([name]) => name) };
}

/** Lets background work that needs no time finish. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
