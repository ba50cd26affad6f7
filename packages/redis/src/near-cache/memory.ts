import type { SessionRecord } from '@sess/core/store';

/** Sessions in memory, by their id; dropped by the tag of their subject, as that is what the server names. */
export interface Memory {
  /** The session, if it was read after `since`. */
  get(sid: string, since: number): SessionRecord | undefined;
  /** Keeps a session that was asked for at `readAt`. */
  set(tag: string, record: SessionRecord, readAt: number): void;
  /** Forgets all sessions of a subject. */
  drop(tag: string): void;
  clear(): void;
  readonly size: number;
}

interface Entry {
  readonly tag: string;
  readonly record: SessionRecord;
  readonly readAt: number;
  /** Asked for since it was kept, or since it was last passed over. */
  isUsed: boolean;
}

/**
 * A bounded memory. What goes first is the oldest entry that nobody asked for: one that was used gets a second
 * chance. So a hit costs one look-up, where a list in order of use would be rewritten at every hit.
 */
export function createMemory(maxEntries: number): Memory {
  const entries = new Map<string, Entry>();
  const sidsOf = new Map<string, Set<string>>();

  function remove(sid: string, tag: string): void {
    entries.delete(sid);
    const sids = sidsOf.get(tag);
    sids?.delete(sid);
    if (sids?.size === 0) sidsOf.delete(tag);
  }

  function makeRoom(): void {
    // Entries that are put back come last and are unused then: at most one round.
    for (const [sid, entry] of entries) {
      if (entries.size <= maxEntries) return;
      if (entry.isUsed) {
        entry.isUsed = false;
        entries.delete(sid);
        entries.set(sid, entry);
      } else {
        remove(sid, entry.tag);
      }
    }
  }

  return {
    get(sid, since) {
      const entry = entries.get(sid);
      if (entry === undefined) return undefined;
      if (entry.readAt <= since) {
        remove(sid, entry.tag);
        return undefined;
      }
      entry.isUsed = true;
      return entry.record;
    },
    set(tag, record, readAt) {
      const { sid } = record;
      // A later read may have come back first.
      const { isUsed, readAt: kept } = entries.get(sid) ?? { isUsed: false, readAt: 0 };
      if (kept > readAt) return;
      entries.delete(sid);
      entries.set(sid, { tag, record, readAt, isUsed });
      const sids = sidsOf.get(tag);
      if (sids === undefined) sidsOf.set(tag, new Set([sid]));
      else sids.add(sid);
      makeRoom();
    },
    drop(tag) {
      const sids = sidsOf.get(tag);
      if (sids === undefined) return;
      for (const sid of sids) entries.delete(sid);
      sidsOf.delete(tag);
    },
    clear() {
      entries.clear();
      sidsOf.clear();
    },
    get size() {
      return entries.size;
    },
  };
}
