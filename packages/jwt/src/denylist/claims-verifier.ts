import type { Session, VerifyResult } from '@sess/core';
import type { EventSink } from '@sess/core/internal';
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
  /** Called for each accepted token that replaced others: of a generation above 0, or of a re-authentication. */
  readonly acknowledge?: (sid: string, digest: string) => void;
  /** Returns a promise while the store's time is not known, `undefined` once it is. Absent without a store. */
  readonly sampleTime?: (sid: string) => Promise<void> | undefined;
}

export type Rejection = Extract<VerifyResult<never>, { ok: false }>;

/** Verifies tokens by their claims, without a session store. */
export interface ClaimsVerifier {
  /** Returns the token if it is genuine, in time and not denied. Synchronous if nothing has to be asked. */
  check(token: unknown): MaybePromise<VerifiedToken | Rejection>;
  /** Returns the session of the claims. */
  verify<Data extends object>(token: unknown, jkt?: string): MaybePromise<VerifyResult<Data>>;
}

type MaybePromise<Value> = Value | Promise<Value>;

/** Creates the verifier of one engine. */
export function createClaimsVerifier(context: ClaimsVerifierContext): ClaimsVerifier {
  const { read, denylist, events, now, acknowledge, sampleTime } = context;

  function reject(reason: Rejection['reason'], sid?: string): Rejection {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  function checkDenylist(
    token: VerifiedToken,
    at: number,
  ): MaybePromise<VerifiedToken | Rejection> {
    if (denylist === undefined) return token;
    const deniable = toDeniable(token);
    if (denylist.isKnownValid(deniable, at)) return token;
    return denylist
      .isDenied(deniable, at)
      .then((isDenied) => (isDenied ? reject('revoked', token.sid) : token));
  }

  function check(token: unknown): MaybePromise<VerifiedToken | Rejection> {
    const at = now();
    const reading = read(token, at);
    return reading instanceof Promise
      ? reading.then((settled) => checkReading(settled, at, token))
      : checkReading(reading, at, token);
  }

  function checkReading(
    reading: TokenReading,
    at: number,
    token: unknown,
  ): MaybePromise<VerifiedToken | Rejection> {
    const genuine = reading.ok ? reading : reading.genuine;
    const sampling = genuine && sampleTime?.(genuine.sid);
    if (reading.ok) {
      // The local clock may accept while the store's time is being read. A failing store must not refuse a token that
      // is verified without it, and the failure is reported where the store is called.
      sampling?.catch(() => undefined);
      return checkDenylist(reading, at);
    }
    // A clock that may be wrong must not reject.
    return sampling === undefined
      ? reject(reading.reason, reading.sid)
      : sampling.then(() => check(token));
  }

  function toResult<Data extends object>(
    checked: VerifiedToken | Rejection,
    jkt: string | undefined,
  ): VerifyResult<Data> {
    if (!('claimed' in checked)) return checked;
    const { binding } = checked.claimed.session;
    if (binding !== undefined && binding.jkt !== jkt) return reject('unbound', checked.sid);
    const { sid, digest, claimed } = checked;
    const { createdAt, authenticatedAt } = claimed.session;
    if (claimed.generation > 0 || authenticatedAt > createdAt) acknowledge?.(sid, digest);
    // Claims are trusted: the schema validated them before the token was signed.
    return { ok: true, session: claimed.session as Session<Data> };
  }

  return {
    check,
    verify<Data extends object>(token: unknown, jkt?: string) {
      const checked = check(token);
      return checked instanceof Promise
        ? checked.then((settled) => toResult<Data>(settled, jkt))
        : toResult<Data>(checked, jkt);
    },
  };
}

/** Returns the claims by which a denylist knows a token. */
export function toDeniable({ sid, digest, claimed: { version } }: VerifiedToken): DeniableToken {
  return { sid, jti: digest, version };
}
