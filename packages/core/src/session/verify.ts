import { findAccess, isLive, type SessionRecord } from '../store/record.js';
import type { AcceptedReading } from '../token/access-tokens.js';
import type { DeniableToken } from '../token/denylist.js';
import type { Reason, VerifyResult } from '../types.js';
import type { EngineContext } from './context.js';
import { createSettling } from './settle.js';
import { toSession } from './view.js';

/** Verification: one hash or one signature, and one look at what stands behind the token. */
export function createVerify<Data extends object>(context: EngineContext) {
  const { tokens, denylist, store, time, events } = context;
  const settling = createSettling(store);
  // Once, and not at every verification: `revocation` is fixed for the engine's life.
  const [glance, judge] =
    tokens.revocation === 'store' ? [findNear, lookUp] : [takeUnasked, askDenylist];

  function accept(record: SessionRecord, entry: number): VerifyResult<Data> {
    if (!record.auth.settled) settling.note(record, entry);
    return { ok: true, session: toSession<Data>(record) };
  }

  function reject(reason: Reason, sid?: string): VerifyResult<Data> {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  /** What is at hand, and says yes. */
  function findNear({ sid, digest }: AcceptedReading, at: number): VerifyResult<Data> | undefined {
    const near = store.peek(sid);
    if (near === undefined) return undefined;
    const entry = findAccess(near.auth, digest);
    return entry >= 0 && isLive(near, entry, at) ? accept(near, entry) : undefined;
  }

  /** The session as the store has it. */
  async function lookUp({ sid, digest }: AcceptedReading): Promise<VerifyResult<Data>> {
    const { record, now } = await store.lookUp(sid);
    if (record === undefined) return reject('unknown', sid);
    const entry = findAccess(record.auth, digest);
    if (entry < 0) return reject('unknown', sid);
    return isLive(record, entry, now) ? accept(record, entry) : reject('expired', sid);
  }

  function takeAtItsWord({ sid, digest, claimed }: ClaimedReading): VerifyResult<Data> {
    const { session, generation } = claimed;
    if (generation > 0) settling.noteUnseen(sid, digest, generation);
    // What the claims are is for the keys' holder to say, and the schema checked them when they were written.
    return { ok: true, session: session as typeof session & { readonly data: Readonly<Data> } };
  }

  /** The session as the token has it, if nobody needs to be asked. */
  function takeUnasked(reading: AcceptedReading, at: number): VerifyResult<Data> | undefined {
    if (!isClaimed(reading)) return undefined;
    if (denylist !== undefined && !denylist.isSurelyGood(toDeniable(reading), at)) return undefined;
    return takeAtItsWord(reading);
  }

  /** The session as the token has it, unless the denylist names the token. */
  async function askDenylist(reading: AcceptedReading, at: number): Promise<VerifyResult<Data>> {
    const { sid } = reading;
    if (!isClaimed(reading)) return reject('unknown', sid);
    const isDenied = denylist !== undefined && (await denylist.isDenied(toDeniable(reading), at));
    return isDenied ? reject('revoked', sid) : takeAtItsWord(reading);
  }

  return async function verify(token: unknown): Promise<VerifyResult<Data>> {
    const at = time.now();
    const answer = tokens.read(token, at);
    // Nothing that is at hand already is waited for.
    const reading = answer instanceof Promise ? await answer : answer;
    if (!reading.ok) return reject(reading.reason, reading.sid);
    return glance(reading, at) ?? judge(reading, at);
  };
}

/** A reading of a token that says what its session is. */
type ClaimedReading = AcceptedReading & Required<Pick<AcceptedReading, 'claimed'>>;

function isClaimed(reading: AcceptedReading): reading is ClaimedReading {
  return reading.claimed !== undefined;
}

function toDeniable({ sid, digest, claimed: { version } }: ClaimedReading): DeniableToken {
  return { sid, jti: digest, version };
}
