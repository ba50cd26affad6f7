import { type AuthPart, findAccess, type SessionRecord } from '../store/record.js';
import type { StorePort } from '../store/store-port.js';

/** Tokens that are remembered as seen, so that the store is asked once a rotation. */
const REMEMBERED = 10_000;

/**
 * Notes that a token of the newest generation has been seen, which ends the forgiveness for the step that made it.
 * In the background, and free to fail: the next verification tries again.
 */
export interface Acknowledger {
  /** For a token that was found in its record. */
  note(record: SessionRecord, entry: number): void;
  /** For a token that was not looked up: the store is asked at the first sight of its generation. */
  acknowledgeUnread(sid: string, digest: string, generation: number): void;
}

export function createSettling(store: StorePort): Acknowledger {
  const underWay = new Set<string>();
  const seen = new Set<string>();

  async function settle(sid: string, isNewest: (auth: AuthPart) => boolean): Promise<boolean> {
    if (underWay.has(sid)) return false;
    underWay.add(sid);
    try {
      const { record } = await store.load(sid);
      if (record === undefined || record.auth.acknowledged || !isNewest(record.auth)) return true;
      // What came first may have been no more than a mark: the next sight of a token looks again.
      const { status } = await store.replaceAuth(record, { ...record.auth, acknowledged: true });
      return status !== 'conflict';
    } catch {
      // Reported where the store's calls are made; the verification that began it has been answered.
      return false;
    } finally {
      underWay.delete(sid);
    }
  }

  async function settleUnseen(sid: string, digest: string): Promise<void> {
    const isNewest = (auth: AuthPart): boolean => isOfNewest(auth, findAccess(auth, digest));
    if (!(await settle(sid, isNewest))) seen.delete(digest);
  }

  return {
    note({ sid, auth }, entry) {
      if (auth.acknowledged || !isOfNewest(auth, entry)) return;
      const { generation, family } = auth;
      void settle(sid, (now) => now.generation === generation && now.family === family);
    },
    acknowledgeUnread(sid, digest, generation) {
      // The first generation has none before it, whose forgiveness could end.
      if (generation === 0 || seen.has(digest)) return;
      seen.add(digest);
      const [oldest] = seen;
      if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
      void settleUnseen(sid, digest);
    },
  };
}

/** Whether an access token is of the newest generation. */
function isOfNewest(auth: AuthPart, entry: number): boolean {
  return entry >= 0 && entry >= auth.access.length - (auth.accessCount + 1);
}
