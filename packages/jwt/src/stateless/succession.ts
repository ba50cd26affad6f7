import { toDeniable } from '../denylist/claims-verifier.js';
import type { DenylistClient } from '../denylist/denylist-client.js';
import type { VerifiedToken } from '../token/reader.js';

/*
 * What a denylist keeps as the successor of a token:
 *
 * successor = jti "." issued                    ; exchanged by refresh; issued in milliseconds, base 36
 *           / jti "."                           ; replaced after re-authentication
 */

/** The token that takes another's place. */
export interface Successor {
  readonly jti: string;
  /** Epoch milliseconds; of a repeated call that of the first. */
  readonly issuedAt: number;
  /** The subject's version that it has to carry. */
  readonly version: number;
  readonly isRepeated: boolean;
}

/** Tokens that are followed from one to the next; honest clients make one or two. */
const LONGEST_CHAIN = 16;

interface Wish {
  readonly jti: string;
  readonly at: number;
}

/**
 * Exchanges a token: whoever exchanges the same one within `grace` is named the same successor, and later nobody is
 * (RFC 9700, section 4.14.2). `undefined` when the token is not good for that any more.
 */
export async function exchangeToken(
  denylist: DenylistClient,
  token: VerifiedToken,
  { jti, at, grace }: Wish & { readonly grace: number },
): Promise<Successor | undefined> {
  const successor = `${jti}.${at.toString(36)}`;
  let deniable = toDeniable(token);
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const answer = await denylist.supersede(deniable, { at, successor });
    if (answer === undefined) return undefined;
    const { version } = answer;
    if (answer.successor === successor) return { jti, issuedAt: at, version, isRepeated: false };
    const [next = '', issued = ''] = answer.successor.split('.');
    const issuedAt = Number.parseInt(issued, 36);
    // No number: a re-authentication came first, and gives nothing to tokens of before.
    if (!(at - issuedAt < grace)) return undefined;
    deniable = { sid: token.sid, jti: next, version };
    // One that has been exchanged in its turn is dead, and of no use to whoever comes late.
    if (!(await denylist.isDenied(deniable, at)))
      return { jti: next, issuedAt, version, isRepeated: true };
  }
  return undefined;
}

/**
 * Puts a token in the place of another and of all that were exchanged for it meanwhile (`isRepeated`), so that none of
 * before is good any more. `undefined` when the session has ended, or was re-authenticated by somebody else.
 */
export async function replaceToken(
  denylist: DenylistClient,
  token: VerifiedToken,
  { jti, at }: Wish,
): Promise<Successor | undefined> {
  const successor = `${jti}.`;
  let deniable = toDeniable(token);
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const answer = await denylist.supersede(deniable, { at, successor });
    if (answer === undefined) return undefined;
    const { version } = answer;
    if (answer.successor === successor) return { jti, issuedAt: at, version, isRepeated: step > 0 };
    const [next = '', issued = ''] = answer.successor.split('.');
    if (issued === '') return undefined;
    deniable = { sid: token.sid, jti: next, version };
  }
  return undefined;
}
