import { type AuthPart, findAccess, type SessionRecord } from '../store/record.js';
import type { StorePort } from '../store/store-port.js';
import { createBoundedCache } from '../util/bounded-cache.js';
import { acknowledged } from './former.js';

/** Tokens that are remembered as acknowledged, so that the store is asked once per rotation. About 5 MiB of digests. */
const MAX_ACKNOWLEDGED = 50_000;

/**
 * Records that a token of the newest generation was used, which ends the forgiveness for the step that made it. It works
 * in the background and may fail: the next verification tries again.
 */
export interface Acknowledger {
  /** For a token that was found in its record. */
  acknowledge(record: SessionRecord, entry: number): void;
  /** For a refresh token of the newest generation that was presented as a cookie. */
  acknowledgeLatest(record: SessionRecord): void;
  /** For a token that was not looked up: the store is asked when its generation is first seen. */
  acknowledgeUnread(sid: string, digest: string): void;
}

/** Creates the acknowledger of an engine. */
export function createAcknowledger(
  store: Pick<StorePort, 'load' | 'replaceAuth'>,
  maxEntries: number = MAX_ACKNOWLEDGED,
): Acknowledger {
  const pending = new Set<string>();
  const seen = createBoundedCache<string, true>({ maxEntries });

  /** True if there is nothing left to do for the generation that `isNewest` accepts. */
  async function write(sid: string, isNewest: (auth: AuthPart) => boolean): Promise<boolean> {
    if (pending.has(sid)) return false;
    pending.add(sid);
    try {
      const { record } = await store.load(sid);
      if (record === undefined || record.auth.acknowledged || !isNewest(record.auth)) return true;
      // The conflicting write may have been only a mark: the next use of a token tries again.
      const { status } = await store.replaceAuth(record, acknowledged(record.auth));
      return status !== 'conflict';
    } catch {
      // The store's calls report it; the verification that started this has returned.
      return false;
    } finally {
      pending.delete(sid);
    }
  }

  async function writeUnread(sid: string, digest: string): Promise<void> {
    const isNewest = (auth: AuthPart): boolean => isOfNewest(auth, findAccess(auth, digest));
    if (!(await write(sid, isNewest))) seen.delete(digest);
  }

  function acknowledgeLatest({ sid, auth }: SessionRecord): void {
    if (auth.acknowledged) return;
    const { generation, family } = auth;
    void write(sid, (now) => now.generation === generation && now.family === family);
  }

  return {
    acknowledge(record, entry) {
      if (isOfNewest(record.auth, entry)) acknowledgeLatest(record);
    },
    acknowledgeLatest,
    acknowledgeUnread(sid, digest) {
      if (seen.get(digest) === true) return;
      seen.set(digest, true);
      void writeUnread(sid, digest);
    },
  };
}

/** True if an access token is of the newest generation. */
function isOfNewest(auth: AuthPart, entry: number): boolean {
  return entry >= 0 && entry >= auth.access.length - (auth.accessCount + 1);
}
