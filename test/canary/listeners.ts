import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Logger, SessionEvent, Sessions } from '@sess/core';
import { createRecording } from '../../packages/otel/test/recording.js';
import type { Trap } from './trap.js';

const EVENTS = [
  'created',
  'refreshed',
  'revoked',
  'reuse',
  'rejected',
  'unconfirmed',
  'store-error',
  'store-call',
] as const satisfies readonly (keyof SessionEvent)[];

/** A logger whose lines go to the trap. */
export function trapLogger(trap: Trap): Logger {
  const write = (fields: unknown, message: string) => trap.wrote('log', [fields, message]);
  return { debug: write, info: write, warn: write, error: write };
}

/** Hands on what an engine tells its listeners, and the channels. Answers how to stop that. */
export function listenTo(sessions: Sessions, trap: Trap): () => void {
  const stops = EVENTS.map((name) => {
    const hear = (event: unknown) => trap.wrote('channel', event);
    subscribe(`sess:${name}`, hear);
    const stop = sessions.on(name, (event) => trap.wrote('event', [name, event]));
    return () => {
      stop();
      unsubscribe(`sess:${name}`, hear);
    };
  });
  return () => {
    for (const stop of stops) stop();
  };
}

/** Providers for an instrumented engine; `read` hands on what they recorded. */
export function recordFor(trap: Trap) {
  const { tracerProvider, meterProvider, spans, metrics } = createRecording();
  return {
    tracerProvider,
    meterProvider,
    async read(): Promise<void> {
      for (const { name, attributes, events, status, links } of spans())
        trap.wrote('span', { name, attributes, events, status, links });
      for (const metric of await metrics()) trap.wrote('metric', metric);
    },
  };
}
