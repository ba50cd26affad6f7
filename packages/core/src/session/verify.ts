import { findAccess, isExpired, isLive, type SessionRecord } from '../store/record.js';
import type { RejectionReason, VerifyResult } from '../types.js';
import { isProven } from './binding.js';
import type { EngineContext } from './context.js';
import { asFormer, findFormerAccess } from './former.js';
import { toSession } from './issue-tokens.js';

/** A function that verifies an access token. It returns synchronously if the record is cached, otherwise a promise. */
export type Verify<Data extends object> = (
  token: unknown,
) => VerifyResult<Data> | Promise<VerifyResult<Data>>;

/** Creates `verify`: one hash or one signature, and one lookup of the session. */
export function createVerify<Data extends object>(context: EngineContext): Verify<Data> {
  const { settings, tokens, store, time, events, acknowledger, jkt } = context;
  const { lookupKey } = tokens;

  function accept(record: SessionRecord, entry: number): VerifyResult<Data> {
    if (!record.auth.acknowledged) acknowledger.acknowledge(record, entry);
    return { ok: true, session: toSession<Data>(record) };
  }

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

  /** A cached record may be stale. It can accept a token, never reject one. */
  function acceptCached(
    record: SessionRecord,
    digest: string,
    at: number,
  ): VerifyResult<Data> | undefined {
    if (!isProven(record.auth, jkt)) return undefined;
    const entry = findAccess(record.auth, digest);
    if (entry < 0) return acceptFormer(record, digest, at);
    return isLive(record, entry, at) ? accept(record, entry) : undefined;
  }

  function verifyCached(token: unknown, at: number): VerifyResult<Data> | undefined {
    if (lookupKey === undefined) return undefined;
    const sid = lookupKey.sid(token);
    const record = sid === undefined ? undefined : store.getCached(sid);
    return record && acceptCached(record, lookupKey.digest(token as string), at);
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
    const accepted = cached && acceptCached(cached, digest, at);
    if (accepted !== undefined) return accepted;
    const record = await store.loadRecord(sid);
    if (record === undefined) return reject('unknown', sid);
    if (!isProven(record.auth, jkt)) return reject('unbound', sid);
    const entry = findAccess(record.auth, digest);
    if (entry < 0) return acceptFormer(record, digest, time.now()) ?? reject('unknown', sid);
    return isLive(record, entry, time.now()) ? accept(record, entry) : reject('expired', sid);
  }

  // Chosen once: the kind of token is fixed for the engine's life.
  if (tokens.verify === undefined) return verifyByStore;
  const { verify } = tokens;
  // The schema checked the claims before the token was signed.
  return (token) => verify(token, jkt) as ReturnType<Verify<Data>>;
}
