import type { VerifyAtOnce } from '../at-once.js';
import { findAccess, isLive, type SessionRecord } from '../store/record.js';
import type { RejectionReason, VerifyResult } from '../types.js';
import type { EngineContext } from './context.js';
import { toSession } from './view.js';

/** Verification: one hash or one signature, and one look at what stands behind the token. */
export function createVerify<Data extends object>(context: EngineContext): VerifyAtOnce<Data> {
  const { tokens, store, time, events, acknowledger } = context;

  function accept(record: SessionRecord, entry: number): VerifyResult<Data> {
    if (!record.auth.acknowledged) acknowledger.note(record, entry);
    return { ok: true, session: toSession<Data>(record) };
  }

  function reject(reason: RejectionReason, sid?: string): VerifyResult<Data> {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  /** Yes, or nothing: what is at hand may be behind, and is never asked for a no. */
  function acceptCached(
    record: SessionRecord,
    digest: string,
    at: number,
  ): VerifyResult<Data> | undefined {
    const entry = findAccess(record.auth, digest);
    return entry >= 0 && isLive(record, entry, at) ? accept(record, entry) : undefined;
  }

  function glance(token: unknown, at: number): VerifyResult<Data> | undefined {
    const sid = tokens.lookupKey?.sid(token);
    const record = sid && store.peek(sid);
    if (!record || tokens.lookupKey === undefined) return undefined;
    return acceptCached(record, tokens.lookupKey.digest(token as string), at);
  }

  /** Nothing that is at hand already is waited for. */
  function verifyByStore(token: unknown): ReturnType<VerifyAtOnce<Data>> {
    const at = time.now();
    return glance(token, at) ?? verifyUncached(token, at);
  }

  async function verifyUncached(token: unknown, at: number): Promise<VerifyResult<Data>> {
    const reading = await tokens.read(token, at);
    if (!reading.ok) {
      if (time.isSampled || reading.sid === undefined) return reject(reading.reason, reading.sid);
      // The store's time is not known yet, and the local clock alone must not reject.
      await store.sampleTime(reading.sid);
      return verifyUncached(token, time.now());
    }
    const { sid, digest } = reading;

    const near = tokens.lookupKey === undefined ? store.peek(sid) : undefined;
    const known = near && acceptCached(near, digest, at);
    if (known !== undefined) return known;
    const record = await store.lookUp(sid);
    if (record === undefined) return reject('unknown', sid);
    const entry = findAccess(record.auth, digest);
    if (entry < 0) return reject('unknown', sid);
    return isLive(record, entry, time.now()) ? accept(record, entry) : reject('expired', sid);
  }

  // Once, and not at every verification: the kind of token is fixed for the engine's life.
  if (tokens.verify === undefined) return verifyByStore;
  const { verify } = tokens;
  // The schema checked the claims before the token was signed.
  return (token) => verify(token) as ReturnType<VerifyAtOnce<Data>>;
}
