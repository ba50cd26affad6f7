import { type BoundedCache, createBoundedCache } from '../util/bounded-cache.js';
import type { Clock } from '../util/clock.js';
import { systemClock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import { isProof } from './channel.js';
import type { NearCacheSettings } from './options.js';

/** Listeners of the changes that the servers report. */
export interface InvalidationListener {
  /** Epoch milliseconds of the engine. */
  now(): number;
  /** Timers. They do not keep the process alive. */
  readonly clock: Pick<Clock, 'startTimer'>;
  /** Something of this subject has changed. */
  onInvalidate(tag: string): void;
  /** Anything may have changed. */
  onUncertain(): void;
  /** The moment at which everything written until then has arrived, from each server; minus infinity: unknown. */
  onProof(provenAt: number): void;
  /** A channel could not be set up. */
  onFailure(error: unknown): void;
}

/** The changes that the servers of a store report. */
export interface Invalidation {
  /** True if changes arrive from all servers that may have replied to the client. */
  isComplete(): boolean;
  close(): void;
}

/** The servers and the limits of a near cache. */
export interface NearCacheContext<Value> {
  readonly settings: NearCacheSettings;
  /** The kind of entries for log lines, as in `sessions`. */
  readonly name: string;
  /** Returns the approximate size of a value in bytes. */
  readonly sizeOf: (value: Value) => number;
  /** Starts to listen to changes. */
  openInvalidation(listener: InvalidationListener): Invalidation;
}

/** A value that was read, and the id to keep it under. */
export interface CacheEntry<Value> {
  readonly id: string;
  readonly value: Value;
}

/** Caches values for as long as the server is proven to report their changes. */
export interface NearCache<Value> {
  /** Starts to listen; nothing is cached before. Further calls do nothing. */
  start(context: { readonly clock: Clock; readonly logger: Logger }): void;
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
 * Creates a near cache: it serves what was read before only while every server is proven to report its changes, and is
 * empty otherwise.
 */
export function createNearCache<Value>(context: NearCacheContext<Value>): NearCache<Value> {
  const { settings, name, sizeOf } = context;
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
  let provenAt = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  let hasReported = false;

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
      invalidation = context.openInvalidation({
        now,
        clock: systemClock,
        onInvalidate: drop,
        onUncertain: dropAll,
        onFailure(error) {
          if (hasReported || isClosed) return;
          hasReported = true;
          const reason = error instanceof Error ? error.message.slice(0, 300) : 'unknown error';
          logger.warn(
            { reason },
            `near cache: changes cannot be listened to, so all ${name} are read; it is tried again`,
          );
        },
        onProof(at) {
          if (isClosed) return;
          const [wasUp, isUp] = [Number.isFinite(provenAt), Number.isFinite(at)];
          provenAt = at;
          if (isUp) hasReported = false;
          if (wasUp === isUp) return;
          if (isUp) logger.info({}, `near cache: invalidations arrive; ${name} are cached`);
          else logger.warn({}, `near cache: invalidations may not arrive; all ${name} are read`);
        },
      });
    },
    isListening: () => isProof(provenAt, now()),
    get(id) {
      const at = now();
      if (!isProof(provenAt, at)) return undefined;
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      if (entry.readAt > at - settings.maxAge) return entry.value;
      entries.delete(id);
      return undefined;
    },
    async read(tag, load, pick) {
      const readAt = now();
      if (!isProof(provenAt, readAt)) return load();
      const read = reads.begin(tag);
      try {
        const loaded = await load();
        const entry = pick(loaded);
        // The reply may have come from a node whose invalidations do not arrive yet.
        if (entry !== undefined && !read.isStale && invalidation?.isComplete() === true) {
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
      provenAt = Number.NEGATIVE_INFINITY;
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
