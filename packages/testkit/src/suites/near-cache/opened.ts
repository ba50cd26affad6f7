import type { SessionRecord, SessionStore } from '@sess/core/store';
import { createAuth, createRecord, createWrite } from '../record-factory.js';
import type { NearCacheHarness, NearStoreOptions } from './harness.js';

/** Milliseconds for which a near cache may believe a channel that delivers nothing. */
export const BOUND_MS = 2_500;

const LIMIT = { max: 1_000, onLimit: 'reject' } as const;
/** How long a busy machine may take for what needs a millisecond. */
const PATIENCE_MS = 20_000;

/** A store as an engine uses it, with short names for what the tests do. */
export interface OpenStore {
  readonly store: SessionStore;
  insert(subject: string): Promise<SessionRecord>;
  remove(sid: string): Promise<void>;
  /** Replaces the data of a record. */
  change(record: SessionRecord): Promise<void>;
  /** Replaces the tokens of a record. */
  rotate(record: SessionRecord): Promise<void>;
  /** True if the session is served from memory. */
  has(sid: string): boolean;
  load(sid: string): Promise<SessionRecord | undefined>;
  /** Reads the session until it is served from memory. */
  fill(sid: string): Promise<void>;
  /** Waits until the session is no longer served from memory. */
  forgotten(sid: string): Promise<void>;
}

const clock = { now: () => Date.now() };

/** Opens a store with a near cache. */
export async function openNear(
  harness: NearCacheHarness,
  options: NearStoreOptions = {},
): Promise<OpenStore> {
  const store = await harness.createNear(options);
  store.open?.({ clock, logger: harness.logger });
  return shorten(store);
}

/** Opens a store without a near cache. */
export async function openPlain(harness: NearCacheHarness): Promise<OpenStore> {
  const store = await harness.createPlain();
  store.open?.({ clock, logger: harness.logger });
  return shorten(store);
}

function shorten(store: SessionStore): OpenStore {
  const write = (): ReturnType<typeof createWrite> => createWrite(Date.now());
  const has = (sid: string): boolean => store.getCached?.(sid) !== undefined;
  const load = async (sid: string): Promise<SessionRecord | undefined> =>
    (await store.load(sid)).record;

  return {
    store,
    has,
    load,
    async insert(subject) {
      const record = createRecord({ now: Date.now(), subject });
      expectStatus('inserted', await store.insert(record, LIMIT, write()));
      return record;
    },
    async remove(sid) {
      expectStatus('removed', await store.remove(sid, write()));
    },
    async change({ sid, dataVersion, data }) {
      const changed = { ...data, data: { handle: 'changed' } };
      expectStatus('replaced', await store.replaceData(sid, dataVersion, changed, write()));
    },
    async rotate({ sid, authVersion }) {
      const auth = createAuth(Date.now());
      expectStatus('replaced', await store.replaceAuth(sid, authVersion, auth, write()));
    },
    fill: (sid) =>
      waitUntil(async () => {
        // A read that fails while connections are broken is repeated.
        await load(sid).catch(() => undefined);
        return has(sid);
      }),
    forgotten: (sid) => waitUntil(async () => !has(sid)),
  };
}

function expectStatus(expected: string, { status }: { readonly status: string }): void {
  if (status !== expected) throw new Error(`expected ${expected}, got ${status}`);
}

/** Polls a condition. @throws {Error} if it does not hold in time */
export async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const since = performance.now();
  while (!(await holds())) {
    if (performance.now() - since > PATIENCE_MS) throw new Error('not in time');
    await pause(5);
  }
}

/** Waits for this number of milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
