import type { Session, VerifyResult } from '@sess/core';
import type { EventSink } from '@sess/core/engine';
import type { DeniableToken } from '@sess/core/store';
import type { TokenReader, TokenReading, VerifiedToken } from '../token/reader.js';
import type { DenylistClient } from './denylist-client.js';

/** What engines that trust the claims of their tokens verify with. */
export interface ClaimsVerifierContext {
  readonly read: TokenReader;
  /** Absent if tokens live until they expire. */
  readonly denylist: DenylistClient | undefined;
  readonly events: Pick<EventSink, 'emit'>;
  readonly now: () => number;
  /** Called with the generation of each accepted token that has one. */
  readonly acknowledge?: (sid: string, digest: string, generation: number) => void;
}

export type Rejection = Extract<VerifyResult<never>, { ok: false }>;

/** Verifies tokens by their claims, without a session store. */
export interface ClaimsVerifier {
  /** Returns the token if it is genuine, in time and not denied. Synchronous if nothing has to be asked. */
  check(token: unknown, at: number): MaybePromise<VerifiedToken | Rejection>;
  /** Returns the session of the claims. */
  verify<Data extends object>(token: unknown): MaybePromise<VerifyResult<Data>>;
}

type MaybePromise<Value> = Value | Promise<Value>;

/** Creates the verifier of one engine. */
export function createClaimsVerifier(context: ClaimsVerifierContext): ClaimsVerifier {
  const { read, denylist, events, now, acknowledge } = context;

  function reject(reason: Rejection['reason'], sid?: string): Rejection {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  function checkReading(
    reading: TokenReading,
    at: number,
  ): MaybePromise<VerifiedToken | Rejection> {
    if (!reading.ok) return reject(reading.reason, reading.sid);
    if (denylist === undefined) return reading;
    const deniable = toDeniable(reading);
    if (denylist.isKnownValid(deniable, at)) return reading;
    return denylist
      .isDenied(deniable, at)
      .then((isDenied) => (isDenied ? reject('revoked', reading.sid) : reading));
  }

  function check(token: unknown, at: number): MaybePromise<VerifiedToken | Rejection> {
    const reading = read(token, at);
    return reading instanceof Promise
      ? reading.then((settled) => checkReading(settled, at))
      : checkReading(reading, at);
  }

  function toResult<Data extends object>(checked: VerifiedToken | Rejection): VerifyResult<Data> {
    if (!('claimed' in checked)) return checked;
    const { sid, digest, claimed } = checked;
    if (claimed.generation > 0) acknowledge?.(sid, digest, claimed.generation);
    // Claims are trusted: the schema validated them before the token was signed.
    return { ok: true, session: claimed.session as Session<Data> };
  }

  return {
    check,
    verify<Data extends object>(token: unknown) {
      const checked = check(token, now());
      return checked instanceof Promise
        ? checked.then((settled) => toResult<Data>(settled))
        : toResult<Data>(checked);
    },
  };
}

/** Returns the claims by which a denylist knows a token. */
export function toDeniable({ sid, digest, claimed: { version } }: VerifiedToken): DeniableToken {
  return { sid, jti: digest, version };
}
