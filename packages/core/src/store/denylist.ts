import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';

/** What a signed token says that it can be denied by. */
export interface DeniableToken {
  /** The session: its first 16 characters are the subject's tag. */
  readonly sid: string;
  readonly jti: string;
  /** The subject's version when the token was made (claim `sv`). */
  readonly version: number;
}

/** One token, or one session with all of its tokens. */
export interface Denial {
  readonly kind: 'token' | 'session';
  /** A `jti`, or a `sid`. */
  readonly id: string;
  /** Epoch milliseconds from which it is denied. Default: at once. */
  readonly from?: number;
}

/** What is kept of a subject beside its denials. */
export interface SubjectWatermark {
  /** Tokens of an earlier version are denied. It only grows, also over the loss of everything that was kept. */
  readonly version: number;
  /** The session whose tokens are spared, from their version `exceptFrom` on. */
  readonly except?: string;
  readonly exceptFrom?: number;
}

/** The token that took another's place. */
export interface Supersession {
  /** As it was named by the first call. */
  readonly successor: string;
  /** What tokens made now have to carry. */
  readonly version: number;
}

/**
 * Which signed tokens are dead before they expire. Small on purpose; the suite in `@sess/testkit` holds every
 * denylist to all of it.
 *
 * - Everything of a subject is kept under one key made of its tag, so that a check is one read, and
 *   every change one write, atomic.
 * - A token whose subject has no head is denied: the head was there when the token was made, so what was kept
 *   has been lost, and denials with it. A head made anew has a greater version than any before: the
 *   server's time in milliseconds, or one more than the last version if that is more.
 * - `life` is how long what is written must be kept, in milliseconds, from the time the denylist itself reads.
 *   It covers the longest life of a token, leeway and a margin.
 * - A fault rejects: nothing is known of the token then. Writes may arrive late or twice; both do no harm.
 */
export interface Denylist {
  /** Milliseconds after which it gives up on a call. */
  readonly timeout: number;
  /** Whether it serves this process only. */
  readonly isLocal: boolean;
  /** Called once by each engine that uses it, before anything else. */
  open?(context: { readonly clock: Clock; readonly logger: Logger }): void;
  /** Answers the version that a new token must carry, and keeps the subject's head as long as that token lives. */
  currentVersion(tag: string, life: number): Promise<number>;
  /** Whether a token is denied at the engine's time `at`: one round trip. */
  isDenied(token: DeniableToken, at: number): Promise<boolean>;
  /** The same from memory: `false` when it is surely not denied, else `undefined`. It never says `true`. */
  peek?(token: DeniableToken, at: number): false | undefined;
  deny(tag: string, denials: readonly Denial[], life: number): Promise<void>;
  /**
   * Denies every token made until now, but for those of one session that were good until now.
   * @param options.operation unique to the call; the same one arriving twice changes nothing more
   */
  denyAll(
    tag: string,
    options: { readonly except?: string; readonly operation: string; readonly life: number },
  ): Promise<void>;
  /**
   * Denies a token and names the one that takes its place, unless that was done before: then the first name
   * stands. `undefined` when the token is denied otherwise.
   * @param options.successor 1 to 64 characters of base64url and dots
   */
  supersede(
    token: DeniableToken,
    options: { readonly at: number; readonly successor: string; readonly life: number },
  ): Promise<Supersession | undefined>;
  /** Resolves when it can serve; rejects with a `UsageError` when it must not, as on a server that evicts keys. */
  ready(): Promise<void>;
  /** Releases what it holds; not what the caller gave it. */
  close(): Promise<void>;
}

/** Whether a token's version is good under a head. */
export function isCurrentVersion(head: SubjectWatermark, { sid, version }: DeniableToken): boolean {
  if (version === head.version) return true;
  return (
    sid === head.except && version < head.version && version >= (head.exceptFrom ?? head.version)
  );
}
