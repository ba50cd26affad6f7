import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import { instrument } from '@sess/otel';
import { createFakeClock, createFaultyStore, silentLogger } from '@sess/testkit';
import { createRecording } from './recording.js';

/** Creates an instrumented engine on a faulty store, and a recording of its spans and metrics. */
export function arrange(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const faulty = createFaultyStore(memoryStore({ clock }));
  const recording = createRecording();
  const engine = createSessions({ store: faulty.store, clock, logger: silentLogger, ...options });
  const { tracerProvider, meterProvider } = recording;
  const sessions = instrument(engine, { tracerProvider, meterProvider });
  return { clock, faulty, engine, sessions, ...recording };
}
