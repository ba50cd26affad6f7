import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import { createFakeClock, createFaultyStore, createMemoryLogger } from '@sess/testkit';
import { recordEvents } from '../engines.js';

/** An engine on the memory store whose clock, store, log and events a test can look at. */
export function arrange(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const faulty = createFaultyStore(memoryStore({ clock }));
  const logger = createMemoryLogger();
  const sessions = createSessions({ store: faulty.store, clock, logger, ...options });
  return { clock, faulty, logger, sessions, events: recordEvents(sessions) };
}
