import type { Clock } from '@sess/core';
import {
  type AuthPart,
  compareByAge,
  type DataPart,
  isExpired,
  MAX_CLOCK_LEAD_MS,
  type SessionRecord,
  type SessionStore,
  type WriteContext,
} from '@sess/core/store';

/** A rule of the store contract that can be left out, to see it missed. */
export type Guard =
  /** A replacement asks for the version that it was decided on. */
  | 'compare-and-set'
  /** A replacement of what is not there fails. */
  | 'absence'
  /** A sign-in that was begun before a revoke-all is refused after it. */
  | 'fence'
  /** The same, for a second copy of one that had come before it. */
  | 'fence for copies'
  /** What was removed stays removed, whatever arrives late. */
  | 'memory of removals'
  /** Whoever did not remove a session is not told that it did. */
  | 'one remover'
  /** The one too many goes. */
  | 'limit'
  /** One part's version is not the other's. */
  | 'parts';

interface Subject {
  readonly live: Map<string, SessionRecord>;
  readonly removed: Map<string, string>;
  readonly inserted: Map<string, readonly string[]>;
  readonly fences: Map<string, number>;
  fence: number;
}

/**
 * A store in as few words as the contract allows, one of whose guards is off. With all of them on it passes the
 * simulation, so what is found is the missing guard.
 */
export function createGuardlessStore(clock: Clock, off?: Guard): SessionStore {
  const subjects = new Map<string, Subject>();
  const buried = new Map<string, SessionRecord>();

  function subjectOf(sid: string): Subject {
    const tag = sid.slice(0, 16);
    const found = subjects.get(tag) ?? {
      live: new Map(),
      removed: new Map(),
      inserted: new Map(),
      fences: new Map(),
      fence: Number.NEGATIVE_INFINITY,
    };
    subjects.set(tag, found);
    return found;
  }

  const liveOf = ({ live }: Subject, at: number): SessionRecord[] =>
    [...live.values()].filter((record) => !isExpired(record, at)).sort(compareByAge);

  function drop(subject: Subject, record: SessionRecord, { operation }: WriteContext): void {
    subject.live.delete(record.sid);
    subject.removed.set(record.sid, operation);
    buried.set(record.sid, record);
  }

  function find(sid: string, at: number): SessionRecord | undefined {
    const record = subjectOf(sid).live.get(sid);
    const found = record ?? (off === 'absence' ? buried.get(sid) : undefined);
    return found === undefined || isExpired(found, at) ? undefined : found;
  }

  function put(record: SessionRecord): void {
    subjectOf(record.sid).live.set(record.sid, record);
  }

  /** Everything happens at one moment of the store's time, and not after the deadline of a write. */
  async function at<Answer>(
    write: WriteContext,
    work: (now: number) => Answer,
  ): Promise<Answer | { status: 'late'; now: number }> {
    const now = clock.now();
    return now > write.notAfter ? { status: 'late', now } : work(now);
  }

  return {
    timeout: 1_000,
    load: async (sid) => ({ record: subjectOf(sid).live.get(sid), now: clock.now() }),
    list: async (tag) => ({ records: liveOf(subjectOf(tag), clock.now()), now: clock.now() }),
    insert: (record, { max }, write) =>
      at(write, (now) => {
        const subject = subjectOf(record.sid);
        const isCopy = subject.inserted.has(record.sid);
        if (subject.live.has(record.sid)) {
          const evicted = subject.inserted.get(record.sid) ?? [];
          return { status: 'inserted', evicted, now } as const;
        }
        const isFenced = record.createdAt <= subject.fence;
        const isOpen = off === 'fence' || (off === 'fence for copies' && isCopy);
        if (isFenced && !isOpen)
          return { status: 'revoked', revokedBefore: subject.fence, now } as const;
        if (subject.removed.has(record.sid) && off !== 'memory of removals') {
          return { status: 'revoked', revokedBefore: now, now } as const;
        }
        if (record.createdAt > now + MAX_CLOCK_LEAD_MS) {
          return { status: 'revoked', revokedBefore: now - 1, now } as const;
        }
        const live = liveOf(subject, now);
        const excess = off === 'limit' ? [] : live.slice(0, Math.max(0, live.length - max + 1));
        for (const old of excess) drop(subject, old, write);
        put(record);
        const evicted = excess.map(({ sid }) => sid);
        subject.inserted.set(record.sid, evicted);
        return { status: 'inserted', evicted, now } as const;
      }),
    replaceAuth: (sid, expected, auth: AuthPart, write, shares) =>
      at(write, (now) => {
        const record = find(sid, now);
        if (record === undefined) return { status: 'absent', now } as const;
        const isRepeated =
          record.authVersion === expected + 1 &&
          JSON.stringify(record.auth) === JSON.stringify(auth);
        if (isRepeated) return { status: 'replaced', now } as const;
        if (record.authVersion !== expected && off !== 'compare-and-set') {
          const { generation, replayed } = record.auth;
          if (generation !== shares || replayed)
            return { status: 'conflict', record, now } as const;
          const marked = {
            ...record,
            auth: { ...record.auth, replayed: true },
            authVersion: record.authVersion + 1,
          };
          put(marked);
          return { status: 'conflict', record: marked, now } as const;
        }
        const { data } = write;
        if (data !== undefined && data.expected !== record.dataVersion)
          return { status: 'conflict', record, now } as const;
        const more = data && { data: data.part, dataVersion: data.expected + 1 };
        put({ ...record, auth, authVersion: record.authVersion + 1, ...more });
        return { status: 'replaced', now } as const;
      }),
    replaceData: (sid, expected, data: DataPart, write) =>
      at(write, (now) => {
        const record = find(sid, now);
        if (record === undefined) return { status: 'absent', now } as const;
        const isRepeated =
          record.dataVersion === expected + 1 &&
          JSON.stringify(record.data) === JSON.stringify(data);
        if (isRepeated) return { status: 'replaced', now } as const;
        if (record.dataVersion !== expected) return { status: 'conflict', record, now } as const;
        const auth = off === 'parts' ? { ...record.auth, shared: false } : record.auth;
        put({ ...record, auth, data, dataVersion: expected + 1 });
        return { status: 'replaced', now } as const;
      }),
    remove: (sid, write, expected) =>
      at(write, (now) => {
        const subject = subjectOf(sid);
        const record = subject.live.get(sid);
        if (record === undefined || isExpired(record, now)) {
          const isOurs = subject.removed.get(sid) === write.operation || off === 'one remover';
          return { status: isOurs ? 'removed' : 'absent', now } as const;
        }
        if (expected !== undefined && record.authVersion !== expected) {
          return { status: 'conflict', record, now } as const;
        }
        drop(subject, record, write);
        return { status: 'removed', now } as const;
      }),
    removeAll: (tag, except, write) =>
      at(write, (now) => {
        const subject = subjectOf(tag);
        const before = subject.fences.get(write.operation);
        if (before !== undefined) return { status: 'removed', count: before, now } as const;
        const ended = liveOf(subject, now).filter(({ sid }) => sid !== except);
        for (const { sid } of ended) subject.live.delete(sid);
        subject.fence = Math.max(now, subject.fence + 2);
        subject.fences.set(write.operation, ended.length);
        return { status: 'removed', count: ended.length, now } as const;
      }),
    async ready() {},
    async close() {},
  };
}
