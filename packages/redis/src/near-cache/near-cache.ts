import { type BoundedCache, createBoundedCache, systemClock, tagOf } from '@sess/core/internal';
import type { SessionRecord, StoreContext } from '@sess/core/store';
import { createPort, type RedisClient } from '../client/port.js';
import type { RedisSessionStore } from '../replayable-store.js';
import { createInvalidation, type Invalidation } from './invalidation.js';
import { type NearCacheOptions, type NearCacheSettings, resolveNearCache } from './options.js';
import { createTopology } from './topology.js';

/** The length of a subject's tag, which ends the key. */
const TAG_LENGTH = 16;

/** The client and the limits of a client-side cache. */
export interface ClientSideCacheContext<Value> {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  readonly settings: NearCacheSettings;
  /** The kind of entries for log lines, as in `sessions`. */
  readonly name: string;
  /** Returns the approximate size of a value in bytes. */
  readonly sizeOf: (value: Value) => number;
}

/** A value that was read, and the id to keep it under. */
export interface CacheEntry<Value> {
  readonly id: string;
  readonly value: Value;
}

/** Caches values for as long as the server is proven to report their changes. */
export interface ClientSideCache<Value> {
  /** Starts to listen; nothing is cached before. Further calls do nothing. */
  start(context: StoreContext): void;
  /** Returns the cached value, if the cache is up to date. */
  get(id: string): Value | undefined;
  /** True if a value that is read now can be cached. */
  isListening(): boolean;
  /** Reads by `load` and caches the part that `pick` returns. */
  read<Loaded>(
    tag: string,
    load: () => Promise<Loaded>,
    pick: (loaded: Loaded) => CacheEntry<Value> | undefined,
  ): Promise<Loaded>;
  /** Runs a write. Entries of the subject are dropped before and after it, also if it fails. */
  writing<Result>(tag: string, write: () => Promise<Result>): Promise<Result>;
  close(): void;
}

interface Entry<Value> {
  readonly tag: string;
  readonly value: Value;
  readonly readAt: number;
}

/**
 * Asserts that a near cache can be built on a client.
 *
 * @throws {UsageError} invalid_option if no tracking connection can be opened from the client
 */
export function assertTrackable(client: RedisClient): void {
  createTopology(client);
}

/**
 * Creates a client-side cache on `CLIENT TRACKING … BCAST`. The server pushes the keys that change. Entries are served
 * only while heartbeats from every node return; otherwise the cache is empty.
 *
 * @throws {UsageError} invalid_option if no tracking connection can be opened from the client
 */
export function createClientSideCache<Value>(
  context: ClientSideCacheContext<Value>,
): ClientSideCache<Value> {
  const { client, keyPrefix, settings, name, sizeOf } = context;
  const topology = createTopology(client);
  const port = createPort(client);
  const keyStart = topology.clientPrefix + keyPrefix;
  const idsOf = new Map<string, Set<string>>();
  const entries: BoundedCache<string, Entry<Value>> = createBoundedCache({
    maxEntries: settings.maxEntries,
    maxBytes: settings.maxBytes,
    sizeOf: ({ value }) => sizeOf(value),
    onEvict({ tag }, id) {
      const ids = idsOf.get(tag);
      ids?.delete(id);
      if (ids?.size === 0) idsOf.delete(tag);
    },
  });
  const reads = createPendingReads();
  let now = (): number => 0;
  let invalidation: Invalidation | undefined;
  let isClosed = false;

  function drop(tag: string): void {
    for (const id of idsOf.get(tag) ?? []) entries.delete(id);
    reads.markStale(tag);
  }

  function dropAll(): void {
    entries.clear();
    reads.markAllStale();
  }

  function keep(tag: string, { id, value }: CacheEntry<Value>, readAt: number): void {
    // Replies may arrive in another order than the reads were sent in.
    if ((entries.get(id)?.readAt ?? readAt) > readAt) return;
    entries.set(id, { tag, value, readAt });
    if (!entries.has(id)) return;
    const ids = idsOf.get(tag);
    if (ids === undefined) idsOf.set(tag, new Set([id]));
    else ids.add(id);
  }

  return {
    start({ clock, logger }) {
      if (invalidation !== undefined || isClosed) return;
      now = () => clock.now();
      invalidation = createInvalidation({
        topology,
        port,
        keyPrefix,
        now,
        clock: systemClock,
        onInvalidate(keys) {
          for (const key of keys) {
            // Other lengths: heartbeats of all processes, and keys under a longer prefix.
            if (key.length === keyStart.length + TAG_LENGTH) drop(key.slice(keyStart.length));
          }
        },
        onUncertain: dropAll,
        onStatus(isProven) {
          if (isProven) logger.info({}, `near cache: invalidations arrive; ${name} are cached`);
          else if (!isClosed)
            logger.warn({}, `near cache: invalidations may not arrive; all ${name} are read`);
        },
        onFailure(reason) {
          logger.warn(
            { reason },
            `near cache: tracking cannot be set up, so all ${name} are read; it is tried again`,
          );
        },
      });
    },
    isListening: () => invalidation?.isProven(now()) ?? false,
    get(id) {
      const at = now();
      if (!invalidation?.isProven(at)) return undefined;
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      if (entry.readAt > at - settings.maxAge) return entry.value;
      entries.delete(id);
      return undefined;
    },
    async read(tag, load, pick) {
      const readAt = now();
      if (!invalidation?.isProven(readAt)) return load();
      const read = reads.begin(tag);
      try {
        const loaded = await load();
        const entry = pick(loaded);
        // The reply may have come from a node whose invalidations do not arrive yet.
        if (entry !== undefined && !read.isStale && invalidation.isComplete()) {
          keep(tag, entry, readAt);
        }
        return loaded;
      } finally {
        reads.end(tag, read);
      }
    },
    async writing(tag, write) {
      drop(tag);
      try {
        return await write();
      } finally {
        drop(tag);
      }
    },
    close() {
      isClosed = true;
      invalidation?.close();
      dropAll();
    },
  };
}

/** A read that has been sent. */
interface PendingRead {
  /** Its key was invalidated after it was sent, so that the reply may hold the previous value. */
  isStale: boolean;
}

/**
 * Creates a list of pending reads. Reads and invalidations use different connections, so that an invalidation may
 * overtake the older value. Such a value must not be cached.
 */
function createPendingReads() {
  const readsOf = new Map<string, Set<PendingRead>>();

  function markStale(tag: string): void {
    const reads = readsOf.get(tag);
    if (reads === undefined) return;
    for (const read of reads) read.isStale = true;
    readsOf.delete(tag);
  }

  return {
    begin(tag: string): PendingRead {
      const read = { isStale: false };
      const reads = readsOf.get(tag);
      if (reads === undefined) readsOf.set(tag, new Set([read]));
      else reads.add(read);
      return read;
    },
    end(tag: string, read: PendingRead): void {
      const reads = readsOf.get(tag);
      if (reads === undefined || !reads.delete(read)) return;
      if (reads.size === 0) readsOf.delete(tag);
    },
    markStale,
    markAllStale(): void {
      for (const tag of [...readsOf.keys()]) markStale(tag);
    },
  };
}

/** Bytes of a record beside its data: digests, salts, times and the objects around them. */
const RECORD_BYTES = 1_500;

/** The characters of session data that are counted exactly; deeper parts are estimated by the limit of their depth. */
function sizeOfRecord({ data }: SessionRecord): number {
  return RECORD_BYTES + 2 * sizeOfValue(data);
}

/** Returns the approximate number of characters that a value takes. */
function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return value.length + 8;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 16;
  for (const [name, part] of Object.entries(value)) size += name.length + sizeOfValue(part);
  return size;
}

/**
 * Adds a near cache to a session store. It serves `getCached`; everything else is sent to the server. Takes one more
 * connection to each primary.
 *
 * @throws {UsageError} invalid_option if an option is wrong, or no tracking connection can be opened from the client
 */
export function withNearCache(
  store: RedisSessionStore,
  options: NearCacheOptions = {},
): RedisSessionStore {
  const { client, keyPrefix } = store.connection();
  const cache = createClientSideCache<SessionRecord>({
    client,
    keyPrefix,
    settings: resolveNearCache(options),
    name: 'sessions',
    sizeOf: sizeOfRecord,
  });
  const { writing } = cache;

  return {
    ...store,
    open(context) {
      store.open?.(context);
      cache.start(context);
    },
    getCached: cache.get,
    load: (sid) =>
      cache.read(
        tagOf(sid),
        () => store.load(sid),
        ({ record }) => (record === undefined ? undefined : { id: sid, value: record }),
      ),
    loadRecord: (sid) =>
      cache.read(
        tagOf(sid),
        async () => store.loadRecord?.(sid),
        (record) => (record === undefined ? undefined : { id: sid, value: record }),
      ),
    // Evicted sessions belong to the same subject.
    insert: (record, ...rest) => writing(tagOf(record.sid), () => store.insert(record, ...rest)),
    replaceAuth: (sid, ...rest) => writing(tagOf(sid), () => store.replaceAuth(sid, ...rest)),
    replaceData: (sid, ...rest) => writing(tagOf(sid), () => store.replaceData(sid, ...rest)),
    remove: (sid, ...rest) => writing(tagOf(sid), () => store.remove(sid, ...rest)),
    removeAll: (tag, ...rest) => writing(tag, () => store.removeAll(tag, ...rest)),
    removeUpTo: (tag, ...rest) => writing(tag, () => store.removeUpTo(tag, ...rest)),
    async close() {
      cache.close();
      await store.close();
    },
  };
}
