import type { Clock, Logger } from '@sess/core';
import type { SessionRecord, SessionStore } from '@sess/core/store';
import { type RedisClient, type RedisStoreOptions, redisStore } from '@sess/redis';
import { until } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { createRecord, createWrite } from '../../../../test/kit.js';

/** The near cache promises that nothing older is accepted while invalidations do not arrive. Milliseconds. */
export const BOUND = 2_500;
/** What a busy machine may add to any time that is measured here. */
export const SLACK = 500;

const clock: Clock = { now: () => Date.now() };

/** A store as an engine would use it, with what it does by the way made short. */
export interface OpenStore {
  readonly store: SessionStore;
  /** Signs somebody in. */
  insert(subject: string): Promise<SessionRecord>;
  remove(sid: string): Promise<void>;
  rename(record: SessionRecord): Promise<void>;
  /** Whether the session is in memory. */
  has(sid: string): boolean;
  /** Reads it, as the engine does when it is not in memory. */
  load(sid: string): Promise<SessionRecord | undefined>;
  /** Reads it until it is in memory: shows that the near cache is up. */
  cached(sid: string): Promise<void>;
  close(): Promise<void>;
}

const LIMIT = { max: 1_000, onLimit: 'reject' } as const;

/** Opens a store; the near cache is on unless the options say otherwise. */
export function openStore(
  client: RedisClient,
  options: RedisStoreOptions = {},
  logger: Logger = silentLogger,
): OpenStore {
  const store = redisStore(client, { nearCache: true, ...options });
  store.open?.({ clock, logger });
  const write = (): ReturnType<typeof createWrite> => createWrite(Date.now());

  async function load(sid: string): Promise<SessionRecord | undefined> {
    return (await store.load(sid)).record;
  }

  const has = (sid: string): boolean => store.getCached?.(sid) !== undefined;

  return {
    store,
    load,
    has,
    async insert(subject) {
      const record = createRecord({ now: Date.now(), subject });
      const { status } = await store.insert(record, LIMIT, write());
      if (status !== 'inserted') throw new Error(`insert: ${status}`);
      return record;
    },
    async remove(sid) {
      const { status } = await store.remove(sid, write());
      if (status === 'late') throw new Error('remove: late');
    },
    async rename({ sid, dataVersion, data }) {
      const changed = { ...data, data: { handle: 'renamed' } };
      const { status } = await store.replaceData(sid, dataVersion, changed, write());
      if (status !== 'replaced') throw new Error(`replaceData: ${status}`);
    },
    async cached(sid) {
      await until(
        async () => {
          await load(sid);
          return has(sid);
        },
        { what: 'the session to be in memory', timeoutMs: 20_000 },
      );
    },
    close: () => store.close(),
  };
}

/** The value below which so much of the samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
