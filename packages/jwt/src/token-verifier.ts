import type { EventListener, SessionEvent, VerifyResult } from '@sess/core';
import type { DeniableToken, DenylistClient, Events } from '@sess/core/engine';
import type { TokenReader, VerifiedToken } from './token/reader.js';

/** What engines that take tokens at their word verify with. */
export interface TokenVerifierContext {
  readonly read: TokenReader;
  readonly denylist: DenylistClient | undefined;
  readonly events: Events;
  readonly now: () => number;
}

export type Rejection = Extract<VerifyResult<never>, { ok: false }>;

/** Verifies tokens without a session store. */
export interface TokenVerifier {
  /** A token that is good now: genuine, in time, and not denied. */
  check(token: unknown, at: number): Promise<VerifiedToken | Rejection>;
  verify<Data extends object>(token: unknown): Promise<VerifyResult<Data>>;
  on<Name extends keyof SessionEvent>(name: Name, listener: EventListener<Name>): () => void;
}

export function createTokenVerifier(context: TokenVerifierContext): TokenVerifier {
  const { read, denylist, events, now } = context;

  function reject(reason: Rejection['reason'], sid?: string): Rejection {
    events.emit('rejected', { token: 'access', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  async function check(token: unknown, at: number): Promise<VerifiedToken | Rejection> {
    const answer = read(token, at);
    const reading = answer instanceof Promise ? await answer : answer;
    if (!reading.ok) return reject(reading.reason, reading.sid);
    if (denylist === undefined) return reading;
    const deniable = toDeniable(reading);
    if (denylist.isSurelyGood(deniable, at) || !(await denylist.isDenied(deniable, at)))
      return reading;
    return reject('revoked', reading.sid);
  }

  return {
    check,
    async verify<Data extends object>(token: unknown): Promise<VerifyResult<Data>> {
      const checked = await check(token, now());
      if (!('claimed' in checked)) return checked;
      const { session } = checked.claimed;
      // Whoever holds the keys says what the claims are; the schema checked them when they were written.
      return { ok: true, session: session as typeof session & { readonly data: Readonly<Data> } };
    },
    on: events.on,
  };
}

/** The claims by which a denylist knows a token. */
export function toDeniable({ sid, digest, claimed: { version } }: VerifiedToken): DeniableToken {
  return { sid, jti: digest, version };
}
