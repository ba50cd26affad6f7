import type { VerifyAtOnce } from '../at-once.js';
import type { DeniableToken } from '../store/denylist.js';
import { findAccess, isLive, type SessionRecord } from '../store/record.js';
import type { AcceptedReading, AccessReading } from '../token/access-token.js';
import type { RejectionReason, VerifyResult } from '../types.js';
import type { EngineContext } from './context.js';
import { createSettling } from './settle.js';
import { toSession } from './view.js';

/** Verification: one hash or one signature, and one look at what stands behind the token. */
export function createVerify<Data extends object>(context: EngineContext): VerifyAtOnce<Data> {
  const { tokens, denylist, store, time, events } = context;
  const settling = createSettling(store);

  function accept(record: SessionRecord, entry: number): VerifyResult<Data> {
    if (!record.auth.acknowledged) settling.note(record, entry);
    return { ok: true, session: toSession<Data>(record) };
  }

  function reject(reason: RejectionReason, sid?: string): VerifyResult<Data> {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  function acceptClaims({ sid, digest, claimed }: ClaimedReading): VerifyResult<Data> {
    const { session, generation } = claimed;
    if (generation > 0) settling.acknowledgeUnread(sid, digest, generation);
    // What the claims are is for the keys' holder to say, and the schema checked them when they were written.
    return { ok: true, session: session as typeof session & { readonly data: Readonly<Data> } };
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
    const answer = tokens.read(token, at);
    const reading = answer instanceof Promise ? await answer : answer;
    if (!reading.ok) return reject(reading.reason, reading.sid);
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

  /** The session as the token has it, unless the denylist names the token. */
  function verifyByClaims(token: unknown): ReturnType<VerifyAtOnce<Data>> {
    const at = time.now();
    const answer = tokens.read(token, at);
    return answer instanceof Promise
      ? answer.then((reading) => judge(reading, at))
      : judge(answer, at);
  }

  function judge(reading: AccessReading, at: number): ReturnType<VerifyAtOnce<Data>> {
    if (!reading.ok) return reject(reading.reason, reading.sid);
    if (!isClaimed(reading)) return reject('unknown', reading.sid);
    if (denylist === undefined) return acceptClaims(reading);

    const deniable = toDeniable(reading);
    if (denylist.isSurelyGood(deniable, at)) return acceptClaims(reading);
    return denylist
      .isDenied(deniable, at)
      .then((isDenied) => (isDenied ? reject('revoked', reading.sid) : acceptClaims(reading)));
  }

  // Once, and not at every verification: `revocation` is fixed for the engine's life.
  return tokens.revocation === 'store' ? verifyByStore : verifyByClaims;
}

/** A reading of a token that says what its session is. */
type ClaimedReading = AcceptedReading & Required<Pick<AcceptedReading, 'claimed'>>;

function isClaimed(reading: AcceptedReading): reading is ClaimedReading {
  return reading.claimed !== undefined;
}

function toDeniable({ sid, digest, claimed: { version } }: ClaimedReading): DeniableToken {
  return { sid, jti: digest, version };
}
