import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';

/** The claims by which a signed token can be denied. */
export interface DeniableToken {
  /** The session. Its first 16 characters are the subject's tag. */
  readonly sid: string;
  readonly jti: string;
  /** The subject's version when the token was issued (claim `sv`). */
  readonly version: number;
}

/** A denial of one token, or of one session with all of its tokens. */
export interface Denial {
  readonly kind: 'token' | 'session';
  /** A `jti` or a `sid`. */
  readonly id: string;
  /** Epoch milliseconds from which it is denied. Default: immediately. */
  readonly from?: number;
}

/** What a denylist keeps of a subject besides its denials. */
export interface SubjectWatermark {
  /** Tokens of an earlier version are denied. It only increases, also after a loss of all data. */
  readonly version: number;
  /** The session whose tokens are spared, from their version `exceptFrom` on. */
  readonly except?: string;
  readonly exceptFrom?: number;
}

/** The token that replaces another one. */
export interface Supersession {
  /** As the first call named it. */
  readonly successor: string;
  /** The version that tokens issued now must carry. */
  readonly version: number;
}

/**
 * Which signed tokens are refused before they expire. `denylistSuite` of `@sess/testkit/suites` checks every
 * implementation against these rules:
 *
 * - All data of a subject is kept under one key made of its tag. A check is one read, and a change is one atomic write.
 * - A token whose subject has no watermark is denied. The watermark existed when the token was issued, so data has been
 *   lost, and denials with it. The version of a new watermark is greater than any before: the server's time in
 *   milliseconds, or one more than the last version if that is more.
 * - `ttlMs` is how long written data must be kept, in milliseconds, by the clock of the denylist. It covers the longest
 *   life of a token, the leeway and a margin.
 * - A fault rejects: nothing is known of the token then. Late and repeated writes must do no harm.
 * - The work of a call does not depend on what the subject did before.
 */
export interface Denylist {
  /** Milliseconds after which the engine gives up on a call. */
  readonly timeout: number;
  /** True if only this process uses it. */
  readonly isLocal: boolean;
  /** Called once by each engine that uses it, before any other method. */
  open?(context: { readonly clock: Clock; readonly logger: Logger }): void;
  /** Returns the version that a new token must carry, and keeps the watermark as long as that token lives. */
  currentVersion(tag: string, ttlMs: number): Promise<number>;
  /** Returns true if a token is denied at the engine's time `at`, epoch milliseconds. One round trip. */
  isDenied(token: DeniableToken, at: number): Promise<boolean>;
  /** True if cached data shows that a token is not denied. After `false` the engine calls `isDenied`. */
  isKnownValid?(token: DeniableToken, at: number): boolean;
  deny(tag: string, denials: readonly Denial[], ttlMs: number): Promise<void>;
  /**
   * Denies every token issued until now, except those of one session that were valid until now.
   *
   * @param options.operation unique to the call; a repeated call with the same one changes nothing
   */
  denyAll(
    tag: string,
    options: { readonly except?: string; readonly operation: string; readonly ttlMs: number },
  ): Promise<void>;
  /**
   * Denies a token and records its successor. The first call wins; later calls return the recorded successor.
   * `undefined` if the token is denied for another reason.
   *
   * @param options.successor 1 to 64 characters of base64url and dots
   */
  supersede(
    token: DeniableToken,
    options: { readonly at: number; readonly successor: string; readonly ttlMs: number },
  ): Promise<Supersession | undefined>;
  /** Resolves if it can serve. Rejects with a `UsageError` if it must not be used, as on a server that evicts keys. */
  ready(): Promise<void>;
  /** Releases what it created, not what the caller gave it. */
  close(): Promise<void>;
}

/** True if the version of a token is current under a watermark. */
export function isCurrentVersion(
  watermark: SubjectWatermark,
  { sid, version }: DeniableToken,
): boolean {
  if (version === watermark.version) return true;
  return (
    sid === watermark.except &&
    version < watermark.version &&
    version >= (watermark.exceptFrom ?? watermark.version)
  );
}
