import { findAccess, isLive, type SessionRecord } from '../store/record.js';
import type { AcceptedReading } from '../token/access-tokens.js';
import type { Reason, VerifyResult } from '../types.js';
import type { EngineContext } from './context.js';
import { createSettling } from './settle.js';
import { toSession } from './view.js';

/** Verification: one hash or one signature, and one look at what stands behind the token. */
export function createVerify<Data extends object>(context: EngineContext) {
  const { tokens, denylist, store, time, events } = context;
  const settling = createSettling(store);
  // Once, and not at every verification: `revocation` is fixed for the engine's life.
  const judge = tokens.revocation === 'store' ? lookUp : takeAtItsWord;

  function accept(record: SessionRecord, entry: number): VerifyResult<Data> {
    if (!record.auth.settled) settling.note(record, entry);
    return { ok: true, session: toSession<Data>(record) };
  }

  function reject(reason: Reason, sid?: string): VerifyResult<Data> {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  /** The session as the store has it. */
  async function lookUp({ sid, digest }: AcceptedReading, at: number): Promise<VerifyResult<Data>> {
    const near = store.peek(sid);
    if (near !== undefined) {
      const entry = findAccess(near.auth, digest);
      if (entry >= 0 && isLive(near, entry, at)) return accept(near, entry);
    }
    const { record, now } = await store.load(sid);
    if (record === undefined) return reject('unknown', sid);
    const entry = findAccess(record.auth, digest);
    if (entry < 0) return reject('unknown', sid);
    return isLive(record, entry, now) ? accept(record, entry) : reject('expired', sid);
  }

  /** The session as the token has it, unless a denylist names the token. */
  async function takeAtItsWord(
    { sid, digest, claimed }: AcceptedReading,
    at: number,
  ): Promise<VerifyResult<Data>> {
    if (claimed === undefined) return reject('unknown', sid);
    const { session, generation, version } = claimed;
    if (denylist !== undefined) {
      const token = { sid, jti: digest, version };
      if (!denylist.isSurelyGood(token, at) && (await denylist.isDenied(token, at))) {
        return reject('revoked', sid);
      }
    }
    settling.noteUnseen(sid, digest, generation);
    // What the claims are is for the keys' holder to say, and the schema checked them when they were written.
    return { ok: true, session: session as unknown as typeof session & { data: Readonly<Data> } };
  }

  return async function verify(token: unknown): Promise<VerifyResult<Data>> {
    const at = time.now();
    const answer = tokens.read(token, at);
    // Nothing that is at hand already is waited for.
    const reading = answer instanceof Promise ? await answer : answer;
    return reading.ok ? judge(reading, at) : reject(reading.reason, reading.sid);
  };
}
