/** What was read, by its id; dropped by the tag of its subject, as that is what the server names. */
export interface Memory<Value> {
  /** The value, if it was read after `since`. */
  get(id: string, since: number): Value | undefined;
  /** Keeps a value that was asked for at `readAt`. */
  set(tag: string, id: string, value: Value, readAt: number): void;
  /** Forgets all of a subject. */
  drop(tag: string): void;
  clear(): void;
  readonly size: number;
}

interface Entry<Value> {
  readonly tag: string;
  readonly value: Value;
  readonly readAt: number;
  /** Asked for since it was kept, or since it was last passed over. */
  isUsed: boolean;
}

/**
 * A bounded memory. What goes first is the oldest entry that nobody asked for: one that was used gets a second
 * chance. So a hit costs one look-up, where a list in order of use would be rewritten at every hit.
 */
export function createMemory<Value>(maxEntries: number): Memory<Value> {
  const entries = new Map<string, Entry<Value>>();
  const idsOf = new Map<string, Set<string>>();

  function remove(id: string, tag: string): void {
    entries.delete(id);
    const ids = idsOf.get(tag);
    ids?.delete(id);
    if (ids?.size === 0) idsOf.delete(tag);
  }

  function makeRoom(): void {
    // Entries that are put back come last and are unused then: at most one round.
    for (const [id, entry] of entries) {
      if (entries.size <= maxEntries) return;
      if (entry.isUsed) {
        entry.isUsed = false;
        entries.delete(id);
        entries.set(id, entry);
      } else {
        remove(id, entry.tag);
      }
    }
  }

  return {
    get(id, since) {
      const entry = entries.get(id);
      if (entry === undefined) return undefined;
      if (entry.readAt <= since) {
        remove(id, entry.tag);
        return undefined;
      }
      entry.isUsed = true;
      return entry.value;
    },
    set(tag, id, value, readAt) {
      // A later read may have come back first.
      const { isUsed, readAt: kept } = entries.get(id) ?? { isUsed: false, readAt: 0 };
      if (kept > readAt) return;
      entries.delete(id);
      entries.set(id, { tag, value, readAt, isUsed });
      const ids = idsOf.get(tag);
      if (ids === undefined) idsOf.set(tag, new Set([id]));
      else ids.add(id);
      makeRoom();
    },
    drop(tag) {
      const ids = idsOf.get(tag);
      if (ids === undefined) return;
      for (const id of ids) entries.delete(id);
      idsOf.delete(tag);
    },
    clear() {
      entries.clear();
      idsOf.clear();
    },
    get size() {
      return entries.size;
    },
  };
}
