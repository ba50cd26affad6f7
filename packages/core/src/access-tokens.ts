import type { SessionEvent } from './events.js';
import type { SessionRecord } from './store/record.js';
import type { StorePort } from './store/store-port.js';
import { digest, type RandomBytes } from './token/crypto.js';
import { formatAccessToken, parseAccessToken, secretWithin, sidWithin } from './token/format.js';
import type { SubjectTag } from './token/session-id.js';
import type { Rejected, Session, VerifyResult } from './types.js';
import type { Clock } from './util/clock.js';
import type { Logger } from './util/logger.js';

/** A kind of access token, for the option `accessToken`. Created by `opaque()`, or by `jwt()` of `@sess/jwt`. */
export interface AccessTokens {
  readonly kind: string;
  /** Lifetime of the tokens in milliseconds. Default: the engine's `accessTtl`. */
  readonly ttl?: number;
  /**
   * Called once by each engine that uses it.
   *
   * @throws {UsageError} invalid_option if the kind of token does not fit the engine's store
   */
  open(context: AccessTokenContext): AccessTokenPort;
}

/** Where events of an engine are emitted. */
export interface EventSink {
  emit<Name extends keyof SessionEvent>(name: Name, event: SessionEvent[Name]): void;
  /** True if the event has a listener: for events that cost something to make. */
  isHeard(name: keyof SessionEvent): boolean;
}

/** What an engine gives to its kind of token. */
export interface AccessTokenContext {
  /** The local clock, corrected by the store's time once that has been read (`isSampled`). */
  readonly clock: Clock & { readonly isSampled: boolean };
  readonly logger: Logger;
  readonly store: StorePort;
  readonly events: EventSink;
  readonly random: RandomBytes;
  readonly tagOfSubject: SubjectTag;
  /** Milliseconds. */
  readonly accessTtl: number;
  /**
   * Records, in the background, that a token was used. Needed only with an own `verify`, for tokens that replaced others:
   * those of a generation above 0, and those of a re-authentication.
   */
  readonly acknowledge: (sid: string, digest: string) => void;
}

/**
 * How the access tokens of one engine are written and read. The optional members attach what an engine does not know,
 * such as a denylist.
 */
export interface AccessTokenPort {
  /** Returns the text of a token. The same grant gives the same claims. @throws SessError `data_too_large` */
  issue(grant: AccessGrant): string | Promise<string>;
  /** Throws what `issue` would throw, without making a token. */
  assertIssuable?(session: Session<object>): void;
  /** Returns what a token contains at the engine's time `at`. Hostile input is a result. Throws if keys are unavailable. */
  read(token: unknown, at: number): AccessReading | Promise<AccessReading>;
  /**
   * `read` in two steps; the second runs only for a session that is cached. `sid` may return a wrong id for what is
   * no token, because the digest is then not found.
   */
  readonly lookupKey?: {
    sid(token: unknown): string | undefined;
    digest(token: string): string;
  };
  /** Verifies in place of the engine, which otherwise looks the session up. It also emits `rejected`. */
  verify?(token: unknown, jkt?: string): VerifyResult<object> | Promise<VerifyResult<object>>;
  /** The engine's store, wrapped. Default: the store of the context. */
  readonly store?: StorePort;
  /** Returns the version that a new token of the subject must carry. Called before the write that the token is for. */
  tokenVersion?(tag: string): Promise<number>;
  /**
   * Checks the newest access token of a record: before a refresh replays it, and after the write of a sign-in.
   *
   * @param version the version that the token carries; default: the current one
   */
  recheck?(record: SessionRecord, at: number, version?: number): Promise<AccessRecheck>;
  /** Takes the place of the write after a replay that changes nothing: a conflict decides again. */
  confirm?(record: SessionRecord): ReturnType<StorePort['replaceAuth']>;
  /** Ends all access tokens of a subject, but not its sessions. Absent if tokens are looked up at every verification. */
  expireAll?(tag: string): Promise<void>;
  /** Returns the public keys as a JWK Set (RFC 7517, section 5). Absent if there are none to publish. */
  publicKeys?(): Promise<{ readonly keys: readonly object[] }>;
  /** Releases what the kind of token holds. */
  close?(): Promise<void>;
}

/** The state of an access token. */
export interface AccessRecheck {
  readonly version: number;
  /** True if the token is no longer accepted, so that a new one is needed. */
  readonly isAccessDead: boolean;
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
  /** What `tokenVersion` returned. */
  readonly version: number | undefined;
}

/** The result of reading an access token. */
export type AccessReading =
  | AcceptedReading
  /** `sid` and `digest` where the token is genuine, as one that has run out may be. */
  | (Rejected & { readonly sid?: string; readonly digest?: string });

export interface AcceptedReading {
  readonly ok: true;
  readonly sid: string;
  /** By which the session knows the token. */
  readonly digest: string;
}

/** Opaque access tokens, `sat_<sid>.<secret>`: looked up at every verification, dead the moment they are revoked. */
export function opaque(): AccessTokens {
  return { kind: 'opaque', open: () => OPAQUE };
}

const MALFORMED: AccessReading = { ok: false, reason: 'malformed' };

const OPAQUE: AccessTokenPort = {
  issue: ({ session: { sid }, secret }) => formatAccessToken({ sid, secret }),
  read(token) {
    const credential = parseAccessToken(token);
    if (credential === undefined) return MALFORMED;
    return { ok: true, sid: credential.sid, digest: digest(credential.secret) };
  },
  lookupKey: { sid: sidWithin, digest: (token) => digest(secretWithin(token)) },
};
