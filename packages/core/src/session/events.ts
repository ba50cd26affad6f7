import * as diagnostics from 'node:diagnostics_channel';
import { UsageError } from '../errors.js';
import type { EventListener, SessionEvent } from '../events.js';
import type { Logger } from '../util/logger.js';
import { formatValue } from '../util/options.js';

export interface Events {
  on<Name extends keyof SessionEvent>(name: Name, listener: EventListener<Name>): () => void;
  emit<Name extends keyof SessionEvent>(name: Name, event: SessionEvent[Name]): void;
  /** True if the event has a listener; for events that are expensive to create. */
  isHeard(name: keyof SessionEvent): boolean;
}

const NAMES: ReadonlySet<string> = new Set<keyof SessionEvent>([
  'created',
  'refreshed',
  'revoked',
  'reuse',
  'unbound-use',
  'rejected',
  'unconfirmed',
  'store-error',
  'store-call',
]);

/** Registered, so that every copy of this module holds the same channels. */
const CHANNELS = Symbol.for('sess.channels');

/**
 * The channels by the names of their events. None where a bundler has put an empty module in the place of
 * `node:diagnostics_channel`, which is why its function is looked for rather than imported by name.
 *
 * Opened once a process and never collected, also if this module is loaded again: Node forgets the subscribers of a
 * name if an earlier channel of that name is collected after they subscribed (seen in Node 20).
 */
const channels: ReadonlyMap<string, diagnostics.Channel> = openChannels(diagnostics.channel);

function openChannels(
  open: typeof diagnostics.channel | undefined,
): ReadonlyMap<string, diagnostics.Channel> {
  if (open === undefined) return new Map();
  const holder = globalThis as { [CHANNELS]?: ReadonlyMap<string, diagnostics.Channel> };
  holder[CHANNELS] ??= new Map([...NAMES].map((name) => [name, open(`sess:${name}`)]));
  return holder[CHANNELS];
}

/**
 * Listeners by name, and the process's channel of each name. A listener that throws or rejects is logged: it never
 * fails the request it watches.
 */
export function createEvents(logger: Logger): Events {
  const listeners = new Map<string, Set<(event: never) => unknown>>();

  function failed(name: string, error: unknown): void {
    logger.error({ event: name, error }, 'a session event listener failed');
  }

  return {
    on(name, listener) {
      if (!NAMES.has(name)) {
        throw new UsageError(
          'invalid_argument',
          `There is no event '${formatValue(name)}'. There are: ${[...NAMES].join(', ')}.`,
        );
      }
      if (typeof listener !== 'function') {
        throw new UsageError('invalid_argument', `on('${name}'): the listener must be a function.`);
      }
      const named = listeners.get(name) ?? new Set();
      listeners.set(name, named);
      // Wrapped, so that one function registered twice is called twice and removed one at a time.
      const entry = (event: never): unknown => listener(event);
      named.add(entry);
      return () => void named.delete(entry);
    },
    isHeard: (name) =>
      (listeners.get(name)?.size ?? 0) > 0 || channels.get(name)?.hasSubscribers === true,
    emit(name, event) {
      const channel = channels.get(name);
      if (channel?.hasSubscribers === true) channel.publish(event);
      const named = listeners.get(name);
      if (named === undefined || named.size === 0) return;
      for (const listener of [...named]) {
        try {
          const outcome = listener(event as never);
          if (outcome instanceof Promise) outcome.catch((error: unknown) => failed(name, error));
        } catch (error) {
          failed(name, error);
        }
      }
    },
  };
}
