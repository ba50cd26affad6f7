import type { Denylist } from '../store/denylist.js';
import type { Rejected, Session } from '../types.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import { digest } from './crypto.js';
import { formatAccessToken, parseAccessToken, secretWithin, sidWithin } from './format.js';
import type { SubjectTag } from './session-id.js';

/** A kind of access token, as the option `accessToken` takes it: made by `opaque()`, or by `jwt()` of `@sess/jwt`. */
export interface AccessTokens {
  readonly kind: string;
  /** Milliseconds that tokens of this kind are to live, if it says so; else `accessTtl` does. */
  readonly ttl?: number;
  /** Called by each engine that uses it, once. */
  open(context: AccessTokenContext): AccessTokenPort;
}

/** What an engine lends to its kind of token. */
export interface AccessTokenContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tagOfSubject: SubjectTag;
  /** Milliseconds. */
  readonly accessTtl: number;
}

/** How the access tokens of one engine are written and read. */
export interface AccessTokenPort {
  /**
   * What stands behind a token that reads well: the session in the store, a denylist, or nothing, so that it lives
   * until it expires.
   */
  readonly revocation: 'store' | 'denylist' | 'none';
  /** With `revocation: 'denylist'`. */
  readonly denylist?: Denylist;
  /** What a denylist that cannot be asked means. Default: `'fail'`. */
  readonly onDenylistError?: 'fail' | 'accept';
  /** Milliseconds that a token is still accepted beyond its time. Default: 0. */
  readonly leeway?: number;
  /** The text of a token. The same grant gives the same claims. @throws SessError `data_too_large` */
  issue(grant: AccessGrant): string | Promise<string>;
  /** Throws what `issue` would, without making a token. */
  assertIssuable?(session: Session<object>): void;
  /** What a token says at the engine's time `at`. Hostile input is a result; it throws when keys cannot be had. */
  read(token: unknown, at: number): AccessReading | Promise<AccessReading>;
  /**
   * The same in two steps, of which the second is only for a session that is in memory: where that costs less than to
   * read the whole. `sidOf` may be wrong about what is no token, as the digest will not be found then.
   */
  readonly lookupKey?: {
    sid(token: unknown): string | undefined;
    digest(token: string): string;
  };
  /** The public keys as a JWK Set (RFC 7517, section 5); absent where there are none to publish. */
  publicKeys?(): Promise<{ readonly keys: readonly object[] }>;
}

/** What an access token is made of. Times are epoch milliseconds. */
export interface AccessGrant {
  readonly session: Session<object>;
  /** Derived by the engine; its digest is kept with the session. */
  readonly secret: string;
  readonly digest: string;
  readonly generation: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The subject's version in the denylist. */
  readonly version: number | undefined;
}

/** What a token says. */
export type AccessReading =
  | AcceptedReading
  /** `sid` and `digest` where the token is genuine, as one that has run out may be. */
  | (Rejected & { readonly sid?: string; readonly digest?: string });

export interface AcceptedReading {
  readonly ok: true;
  readonly sid: string;
  /** By which the session knows the token. */
  readonly digest: string;
  /** What a signed token says of itself; absent where only the store can tell. */
  readonly claimed?: {
    readonly session: Session<object>;
    /** Of the refresh token; less than 0 where the token says none. */
    readonly generation: number;
    readonly version: number;
  };
}

/** Opaque access tokens, `sat_<sid>.<secret>`: looked up at every verification, dead the moment they are revoked. */
export function opaque(): AccessTokens {
  return { kind: 'opaque', open: () => OPAQUE };
}

const MALFORMED: AccessReading = { ok: false, reason: 'malformed' };

const OPAQUE: AccessTokenPort = {
  revocation: 'store',
  issue: ({ session: { sid }, secret }) => formatAccessToken({ sid, secret }),
  read(token) {
    const credential = parseAccessToken(token);
    if (credential === undefined) return MALFORMED;
    return { ok: true, sid: credential.sid, digest: digest(credential.secret) };
  },
  lookupKey: { sid: sidWithin, digest: (token) => digest(secretWithin(token)) },
};
