/** Limits of a cache, and what it does with entries that leave it. */
export interface BoundedCacheOptions<Key, Value> {
  readonly maxEntries: number;
  /** Sum of `sizeOf` over all entries. Default: no limit. */
  readonly maxBytes?: number;
  /** Approximate size of an entry in bytes. Default: 0. */
  readonly sizeOf?: (value: Value, key: Key) => number;
  /** Called for each entry that leaves the cache: evicted, replaced, deleted or cleared. */
  readonly onEvict?: (value: Value, key: Key) => void;
}

/** A map that stays within its limits by evicting entries that were not used lately. */
export interface BoundedCache<Key, Value> {
  readonly size: number;
  readonly bytes: number;
  /** Returns the value and marks its entry as used. */
  get(key: Key): Value | undefined;
  has(key: Key): boolean;
  /** Adds or replaces an entry. A value that is larger than `maxBytes` by itself is not kept. */
  set(key: Key, value: Value): void;
  delete(key: Key): boolean;
  clear(): void;
  keys(): IterableIterator<Key>;
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
  isUsed: boolean;
}

/** Used entries that one eviction passes over; the next one goes, so that the work stays bounded. */
const MAX_SECOND_CHANCES = 8;
/** Changes without an eviction after which the place of the last eviction is forgotten. */
const MAX_IDLE = 64;

/**
 * Creates a bounded cache with second-chance eviction (the clock algorithm): a hit sets a mark and moves nothing, and
 * eviction takes the oldest entry without a mark.
 */
export function createBoundedCache<Key, Value>(
  options: BoundedCacheOptions<Key, Value>,
): BoundedCache<Key, Value> {
  const { maxEntries, maxBytes = Number.POSITIVE_INFINITY, sizeOf, onEvict } = options;
  // A Map keeps insertion order, so the first entry is the oldest one.
  const entries = new Map<Key, Entry<Value>>();
  /**
   * Where the oldest entry is: all before it have been removed. A new iterator would pass over the places of thousands
   * of removed entries. An iterator that does not move keeps former tables of the map, so it is dropped if it is idle.
   */
  let oldest: Iterator<[Key, Entry<Value>]> | undefined;
  let idle = 0;
  let bytes = 0;

  function remove(key: Key, entry: Entry<Value>): void {
    entries.delete(key);
    bytes -= entry.bytes;
    onEvict?.(entry.value, key);
  }

  /** Notes a change without an eviction. */
  function noteIdle(): void {
    idle += 1;
    if (idle > MAX_IDLE) oldest = undefined;
  }

  function evictOne(): void {
    idle = 0;
    for (let chances = MAX_SECOND_CHANCES; ; chances -= 1) {
      oldest ??= entries.entries();
      const { done, value } = oldest.next();
      if (done === true) {
        // Entries may have come after its end.
        oldest = undefined;
        if (entries.size === 0) return;
        continue;
      }
      const [key, entry] = value;
      if (!entry.isUsed || chances <= 0) {
        remove(key, entry);
        return;
      }
      entry.isUsed = false;
      entries.delete(key);
      entries.set(key, entry);
    }
  }

  return {
    get size() {
      return entries.size;
    },
    get bytes() {
      return bytes;
    },
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entry.isUsed = true;
      return entry.value;
    },
    has: (key) => entries.has(key),
    set(key, value) {
      const known = entries.get(key);
      if (known !== undefined) remove(key, known);
      const size = sizeOf?.(value, key) ?? 0;
      if (size > maxBytes) return;
      noteIdle();
      while (entries.size >= maxEntries || bytes + size > maxBytes) evictOne();
      entries.set(key, { value, bytes: size, isUsed: false });
      bytes += size;
    },
    delete(key) {
      const entry = entries.get(key);
      if (entry === undefined) return false;
      noteIdle();
      remove(key, entry);
      return true;
    },
    clear() {
      oldest = undefined;
      for (const [key, entry] of entries) remove(key, entry);
    },
    keys: () => entries.keys(),
  };
}
