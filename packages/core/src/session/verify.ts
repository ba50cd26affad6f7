import { findAccess, isExpired, isLive, type SessionRecord } from '../store/record.js';
import type { RejectionReason, VerifyResult } from '../types.js';
import type { EngineContext } from './context.js';
import { asFormer, findFormerAccess } from './former.js';
import { toSession } from './issue-tokens.js';

/** A function that verifies an access token. It returns synchronously if the record is cached, otherwise a promise. */
export type Verify<Data extends object> = (
  token: unknown,
) => VerifyResult<Data> | Promise<VerifyResult<Data>>;

/** Creates `verify`: one hash or one signature, and one lookup of the session. */
export function createVerify<Data extends object>(context: EngineContext): Verify<Data> {
  const { settings, tokens, store, time, events, acknowledger } = context;
  const { lookupKey } = tokens;

  /** Accepts a token that a re-authentication replaced, if the client may not have received the newer ones. */
  function acceptFormer(
    record: SessionRecord,
    digest: string,
    at: number,
  ): VerifyResult<Data> | undefined {
    const former = isExpired(record, at) ? undefined : findFormerAccess(record.auth, digest, at);
    return former && { ok: true, session: toSession<Data>(asFormer(record, former)) };
  }

  function reject(reason: RejectionReason, sid?: string): VerifyResult<Data> {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    settings.logger.debug({ sid, reason }, 'access token rejected');
    return { ok: false, reason };
  }

  /** Accepts a token that counts by a record. A cached one may be stale: it can accept a token, never reject one. */
  function accept(
    record: SessionRecord,
    digest: string,
    at: number,
  ): VerifyResult<Data> | undefined {
    // For a key that the client has proved, `@sess/bound` verifies the token by a record without it.
    if (record.auth.binding?.jkt) return undefined;
    const entry = findAccess(record.auth, digest);
    if (entry < 0) return acceptFormer(record, digest, at);
    if (!isLive(record, entry, at)) return undefined;
    if (!record.auth.acknowledged) acknowledger.acknowledge(record, entry);
    return { ok: true, session: toSession<Data>(record) };
  }

  function verifyCached(token: unknown, at: number): VerifyResult<Data> | undefined {
    if (lookupKey === undefined) return undefined;
    const sid = lookupKey.sid(token);
    const record = sid === undefined ? undefined : store.getCached(sid);
    return record && accept(record, lookupKey.digest(token as string), at);
  }

  function verifyByStore(token: unknown): ReturnType<Verify<Data>> {
    const at = time.now();
    return verifyCached(token, at) ?? verifyUncached(token, at);
  }

  async function verifyUncached(token: unknown, at: number): Promise<VerifyResult<Data>> {
    // A reading of an opaque token is no promise: an `await` would cost a turn of the microtask queue.
    const read = tokens.read(token, at);
    const reading = read instanceof Promise ? await read : read;
    if (!reading.ok) {
      if (time.isSampled || reading.sid === undefined) return reject(reading.reason, reading.sid);
      // The store's time is not known yet, and the local clock alone must not reject.
      await store.sampleTime(reading.sid);
      return verifyUncached(token, time.now());
    }
    const { sid, digest } = reading;

    const cached = lookupKey === undefined ? store.getCached(sid) : undefined;
    const accepted = cached && accept(cached, digest, at);
    if (accepted !== undefined) return accepted;
    const record = await store.loadRecord(sid);
    if (record === undefined) return reject('unknown', sid);
    return accept(record, digest, time.now()) ?? reject(refusalOf(record, digest), sid);
  }

  // Chosen once: the kind of token is fixed for the engine's life.
  if (tokens.verify === undefined) return verifyByStore;
  const { verify } = tokens;
  // The schema checked the claims before the token was signed.
  return (token) => verify(token) as ReturnType<Verify<Data>>;
}

/** Returns why a token does not count by the record of its session. */
function refusalOf({ auth }: SessionRecord, digest: string): RejectionReason {
  if (auth.binding?.jkt) return 'unbound';
  return findAccess(auth, digest) < 0 ? 'unknown' : 'expired';
}
