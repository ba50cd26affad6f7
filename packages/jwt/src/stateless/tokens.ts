import { type Issued, type Session, StoreUnavailableError } from '@sess/core';
import { hideTokens } from '@sess/core/internal';
import { toDeniable } from '../denylist/claims-verifier.js';
import type { DenylistClient } from '../denylist/denylist-client.js';
import type { VerifiedToken } from '../token/reader.js';
import type { TokenWriter } from '../token/writer.js';
import type { StatelessSettings } from './options.js';

/*
 * What a denylist keeps as the successor of a token:
 *
 * successor = jti "." issued                    ; exchanged by refresh; issued in milliseconds, base 36
 *           / jti "."                           ; replaced after re-authentication
 */

/** A token that takes the place of another one. */
export interface Successor {
  readonly jti: string;
  /** Epoch milliseconds; of a repeated call, those of the first. */
  readonly issuedAt: number;
  /** The subject's version that it must carry. */
  readonly version: number;
  readonly isRepeated: boolean;
}

/**
 * Exchanges that one call follows. Honest clients make one or two within the grace. Beyond it nothing is known of the
 * token, so that the call fails with 503 instead of rejecting it.
 */
const MAX_CHAIN = 64;

interface Wish {
  readonly jti: string;
  readonly at: number;
}

/**
 * Exchanges a token. Every call within `grace` returns the same successor, later calls none (RFC 9700, section 4.14.2).
 * `undefined` if the token can no longer be exchanged.
 *
 * @throws {StoreUnavailableError} after more than 64 exchanges within the grace
 */
export async function exchangeToken(
  denylist: DenylistClient,
  token: VerifiedToken,
  { jti, at, grace }: Wish & { readonly grace: number },
): Promise<Successor | undefined> {
  const successor = `${jti}.${at.toString(36)}`;
  let deniable = toDeniable(token);
  for (let step = 0; step < MAX_CHAIN; step += 1) {
    const result = await denylist.supersede(deniable, { at, successor });
    if (result === undefined) return undefined;
    const { version } = result;
    if (result.successor === successor) return { jti, issuedAt: at, version, isRepeated: false };
    const [next = '', issued = ''] = result.successor.split('.');
    const issuedAt = Number.parseInt(issued, 36);
    // NaN: a re-authentication came first, and its tokens are not given to holders of earlier ones.
    if (!(at - issuedAt < grace)) return undefined;
    deniable = { sid: token.sid, jti: next, version };
    // A successor that was exchanged as well is dead: the chain goes on.
    if (!(await denylist.isDenied(deniable, at)))
      return { jti: next, issuedAt, version, isRepeated: true };
  }
  throw tooManyExchanges();
}

/**
 * Replaces a token, and all tokens that it was exchanged for (`isRepeated`), so that none of them is valid any more.
 * `undefined` if the session has ended, or another call re-authenticated it.
 *
 * @throws {StoreUnavailableError} after more than 64 exchanges
 */
export async function replaceToken(
  denylist: DenylistClient,
  token: VerifiedToken,
  { jti, at }: Wish,
): Promise<Successor | undefined> {
  const successor = `${jti}.`;
  let deniable = toDeniable(token);
  for (let step = 0; step < MAX_CHAIN; step += 1) {
    const result = await denylist.supersede(deniable, { at, successor });
    if (result === undefined) return undefined;
    const { version } = result;
    if (result.successor === successor) return { jti, issuedAt: at, version, isRepeated: step > 0 };
    const [next = '', issued = ''] = result.successor.split('.');
    if (issued === '') return undefined;
    deniable = { sid: token.sid, jti: next, version };
  }
  throw tooManyExchanges();
}

function tooManyExchanges(): StoreUnavailableError {
  return new StoreUnavailableError(
    `The token was exchanged more than ${MAX_CHAIN} times. Use the newest token.`,
  );
}

/** A session without its end, which follows from its token. */
export type Unbounded = Omit<Session<object>, 'expiresAt'>;

/** What a token contains besides the session. */
export interface TokenMark {
  readonly jti: string;
  /** The subject's version in the denylist. */
  readonly version: number | undefined;
  readonly at: number;
}

/** Issues the tokens of one engine. */
export interface TokenIssuer<Data extends object> {
  issue(session: Unbounded, mark: TokenMark): Promise<Issued<Data>>;
  /** Returns when a token of the session ends that is issued now, in whole seconds as claims have it. */
  endOf(session: Unbounded): number;
}

export interface TokenIssuerContext {
  readonly settings: Pick<StatelessSettings, 'ttl' | 'absoluteTtl' | 'leeway'>;
  readonly writer: TokenWriter;
  /** Called with each token that was issued. */
  readonly remember: (token: VerifiedToken) => void;
}

export function createTokenIssuer<Data extends object>(
  context: TokenIssuerContext,
): TokenIssuer<Data> {
  const { settings, writer, remember } = context;
  const { ttl, absoluteTtl, leeway } = settings;

  /** Rounded up, so that `ttl` holds, but never beyond the absolute end. */
  const endOf = ({ lastUsedAt, authenticatedAt }: Unbounded): number =>
    Math.min(
      toWholeSeconds(lastUsedAt + ttl + 999),
      toWholeSeconds(toWholeSeconds(authenticatedAt) + absoluteTtl),
    );

  /** Returns the session as a reader of its token will return it. */
  function inSeconds(session: Unbounded): Session<object> {
    return Object.freeze({
      ...session,
      createdAt: toWholeSeconds(session.createdAt),
      authenticatedAt: toWholeSeconds(session.authenticatedAt),
      lastUsedAt: toWholeSeconds(session.lastUsedAt),
      expiresAt: endOf(session),
    });
  }

  return {
    endOf,

    async issue(session, { jti, version, at }) {
      const whole = inSeconds(session);
      const { sid, lastUsedAt: issuedAt, expiresAt } = whole;
      const content = { session: whole, jti, generation: undefined, version, issuedAt, expiresAt };
      const accessToken = await writer.write(content, at);
      remember({
        ok: true,
        sid,
        digest: jti,
        claimed: { session: whole, generation: -1, version: version ?? -1 },
        notBefore: issuedAt - leeway,
        expiresAt: expiresAt + leeway,
      });
      return hideTokens({
        session: whole as typeof whole & { readonly data: Readonly<Data> },
        accessToken,
        accessTokenExpiresAt: expiresAt,
        refreshToken: accessToken,
        issuedAt: at,
      });
    },
  };
}

/** Rounds milliseconds down to whole seconds, as claims have it. */
function toWholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000) * 1_000;
}
