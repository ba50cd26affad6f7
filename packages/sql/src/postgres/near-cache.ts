import { randomBytes } from 'node:crypto';
import {
  createChannel,
  type InvalidationListener,
  type NearCacheContext,
} from '@sess/core/internal';
import type { TableNames } from '../store/names.js';
import type { Listening, PostgresPort } from './port.js';
import { channelOf, TRIGGERS } from './schema.js';
import { toStatement } from './statements.js';

/** No tag begins with it. */
const HEARTBEAT = '~';

/** The connections of a near cache. */
export interface ListenContext {
  /** Sends the writes of the store, and the heartbeats. */
  readonly port: PostgresPort;
  readonly names: TableNames;
  /** Opens the connection that listens. */
  listen(...args: Parameters<NonNullable<PostgresPort['listen']>>): Listening;
}

/**
 * Returns how a near cache listens to PostgreSQL: triggers notify the tag of a subject whose sessions change. A heartbeat
 * is a notice that is sent as writes are; it fails if a trigger is missing or off.
 */
export function createListening(
  context: ListenContext,
): Pick<NearCacheContext<never>, 'openInvalidation'> {
  const { port, names, listen } = context;
  const channel = channelOf(names);
  const triggers = TRIGGERS.map((part) => `${names.prefix}_${part}`);
  const heartbeat = toStatement(`SELECT pg_notify($1, $2) FROM (
    SELECT count(*) AS count FROM pg_trigger
    WHERE tgrelid = to_regclass($3) AND tgname = ANY($4::text[]) AND tgenabled IN ('O', 'A')) t
    WHERE t.count = ${triggers.length}`);

  async function notify(payload: string): Promise<void> {
    const rows = await port.query(heartbeat, [channel, payload, names.session, triggers]);
    if (rows.length > 0) return;
    throw new Error(
      'the triggers of the near cache are missing: run store.migrate(), or the statements of postgresSchema({ nearCache: true })',
    );
  }

  return {
    openInvalidation(listener: InvalidationListener) {
      const start = HEARTBEAT + randomBytes(9).toString('base64url');
      let heartbeats = 0;
      const current = createChannel({
        now: listener.now,
        clock: listener.clock,
        isReady: () => port.isOpen?.() ?? true,
        open: ({ onChange, onEnd }) =>
          listen(channel, { onNotice: (payload) => onChange([payload]), onEnd }),
        nextHeartbeat() {
          heartbeats += 1;
          const name = `${start}:${heartbeats}`;
          return { name, send: () => notify(name) };
        },
        silence:
          'LISTEN was accepted, but no notice arrives: there is probably a pooler in transaction mode. Give nearCache.listenOn a client with the direct address of the server',
        onChange(payloads) {
          for (const payload of payloads ?? []) {
            if (payload === '*') listener.onUncertain();
            else if (!payload.startsWith(HEARTBEAT)) listener.onInvalidate(payload);
          }
        },
        onProof: () => listener.onProof(current.provenAt),
        onLost() {
          listener.onUncertain();
          listener.onProof(Number.NEGATIVE_INFINITY);
        },
        onFailure: listener.onFailure,
      });
      return { isComplete: () => true, close: () => current.close() };
    },
  };
}
