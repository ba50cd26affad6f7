import { type AuthPart, isOver, type SessionRecord } from '../store/record.js';
import { digest, isSameDigest } from '../token/secret.js';
import type { Reason, VerifyResult } from '../types.js';
import type { EngineContext } from './context.js';
import { toSession } from './view.js';

/** Verification: one hash, and one look at the record. */
export function createVerify<Data extends object>(context: EngineContext) {
  const { settings, store, time, events } = context;
  const settling = new Set<string>();

  /**
   * Notes that a token of the newest generation has been seen, which ends the forgiveness for the step
   * that made it. In the background, and free to fail: the next verification tries again.
   */
  async function settle(sid: string, seen: AuthPart): Promise<void> {
    if (settling.has(sid)) return;
    settling.add(sid);
    try {
      const { record } = await store.load(sid);
      const auth = record?.auth;
      if (record === undefined || auth === undefined || auth.settled) return;
      if (auth.generation !== seen.generation || auth.family !== seen.family) return;
      await store.replaceAuth(record, { ...auth, settled: true });
    } catch {
      // Reported where the store's calls are made; the verification that began it has been answered.
    } finally {
      settling.delete(sid);
    }
  }

  function accept(record: SessionRecord, entry: number): VerifyResult<Data> {
    const { auth } = record;
    if (!auth.settled && entry >= auth.access.length - (auth.accessCount + 1)) {
      void settle(record.sid, auth);
    }
    return { ok: true, session: toSession<Data>(record) };
  }

  function reject(reason: Reason, sid?: string): VerifyResult<Data> {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  return async function verify(token: unknown): Promise<VerifyResult<Data>> {
    const credential = settings.accessToken.parse(token);
    if (credential === undefined) return reject('malformed');
    const { sid } = credential;
    const presented = digest(credential.secret);

    const near = store.peek(sid);
    if (near !== undefined) {
      const entry = findAccess(near.auth, presented);
      if (entry >= 0 && isLive(near, entry, time.now())) return accept(near, entry);
    }

    const { record, now } = await store.load(sid);
    if (record === undefined) return reject('unknown', sid);
    const entry = findAccess(record.auth, presented);
    if (entry < 0) return reject('unknown', sid);
    return isLive(record, entry, now) ? accept(record, entry) : reject('expired', sid);
  };
}

/** The place of a digest among the live access tokens, or -1; newest first, as it is the likeliest. */
export function findAccess(auth: AuthPart, presented: string): number {
  for (let index = auth.access.length - 1; index >= 0; index -= 1) {
    const entry = auth.access[index];
    if (entry !== undefined && isSameDigest(entry.digest, presented)) return index;
  }
  return -1;
}

/** Whether the access token at `entry` works at store time `at`. */
export function isLive(record: SessionRecord, entry: number, at: number): boolean {
  return !isOver(record, at) && at < (record.auth.access[entry]?.expiresAt ?? 0);
}
