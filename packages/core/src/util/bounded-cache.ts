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
  let bytes = 0;

  function remove(key: Key, entry: Entry<Value>): void {
    entries.delete(key);
    bytes -= entry.bytes;
    onEvict?.(entry.value, key);
  }

  function evictOne(): void {
    let chances = MAX_SECOND_CHANCES;
    for (const [key, entry] of entries) {
      if (!entry.isUsed || chances === 0) {
        remove(key, entry);
        return;
      }
      chances -= 1;
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
      while (entries.size >= maxEntries || bytes + size > maxBytes) evictOne();
      entries.set(key, { value, bytes: size, isUsed: false });
      bytes += size;
    },
    delete(key) {
      const entry = entries.get(key);
      if (entry !== undefined) remove(key, entry);
      return entry !== undefined;
    },
    clear() {
      for (const [key, entry] of entries) remove(key, entry);
    },
    keys: () => entries.keys(),
  };
}
