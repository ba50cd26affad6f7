import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import type { AuthPart, DataPart, SessionRecord } from './record.js';

/**
 * How long a store remembers what it has removed, and that it removed all: longer than any write can
 * be under way, so that a repeated or late copy of an older write finds the mark. Milliseconds.
 */
export const TOMBSTONE_TTL_MS = 60_000;

/** How far ahead of the store's time a record may have been created. Milliseconds. */
export const MAX_CLOCK_LEAD_MS = 100;

/** What every write carries. */
export interface WriteContext {
  /** The store MUST NOT write after this moment of its own clock; it answers `late` instead. */
  readonly notAfter: number;
  /** Unique to the call. The same write arriving twice MUST answer as the first did. */
  readonly operation: string;
}

/** Every answer carries the store's time at which it was made, epoch milliseconds. */
export interface Answer<Status extends string> {
  readonly status: Status;
  readonly now: number;
  /** `false`: written, but replicas that were to have it did not say so in time. Absent: none were asked. */
  readonly confirmed?: boolean;
}

/** The write arrived after its `notAfter`. Nothing was written. */
export type LateResult = Answer<'late'>;

export interface LoadResult {
  readonly record: SessionRecord | undefined;
  readonly now: number;
}

/** How many live sessions a subject may have, and what happens to the one too many. */
export interface SubjectLimit {
  readonly max: number;
  readonly onLimit: 'evict-oldest' | 'reject';
}

export type InsertResult =
  | (Answer<'inserted'> & { readonly evicted: readonly string[] })
  | Answer<'limit'>
  /**
   * Created before (or in the same millisecond as) the subject's fence, removed already, or created more
   * than a tenth of a second ahead of the store's time, where no fence could reach it. A record created after `fence`,
   * by the store's time, will pass.
   */
  | (Answer<'revoked'> & { readonly revokedBefore: number })
  | LateResult;

export type ReplaceResult =
  | Answer<'replaced'>
  | (Answer<'conflict'> & { readonly record: SessionRecord })
  | Answer<'absent'>
  | LateResult;

export type RemoveResult =
  | Answer<'removed'>
  | (Answer<'conflict'> & { readonly record: SessionRecord })
  | Answer<'absent'>
  | LateResult;

export type RemoveAllResult = (Answer<'removed'> & { readonly count: number }) | LateResult;

/** What an engine lends to the store it uses. */
export interface StoreContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Where sessions are kept. Small on purpose; the suite in `@sess/testkit` holds every store to all of it.
 *
 * - Absent, expired and malformed are all "not there". A session past its `auth.expiresAt` MUST NOT be
 *   listed, counted or written to; `load` MAY still return it for a while, for the engine checks the
 *   deadline itself and can then say `expired` instead of `unknown`.
 * - Every write is atomic. Writes to sessions of one subject are ordered.
 * - A record given or returned MUST NOT be modified.
 * - A fault rejects (with anything; the engine wraps it as `StoreUnavailableError`). A call that is
 *   given up on after `timeout` MUST reject, and MUST NOT write later.
 * - A `tag` is the first 16 characters of a `sid`: nothing of the subject itself reaches a key.
 */
export interface SessionStore {
  /** Milliseconds after which the store gives up on a call; `notAfter` is computed from it. */
  readonly timeout: number;
  /** Whether it serves this process only. Default: `false`. */
  readonly isLocal?: boolean;
  /** Called once by each engine that uses the store, before anything else. */
  open?(context: StoreContext): void;
  /** The record as the master has it, in one round trip. */
  load(sid: string): Promise<LoadResult>;
  /**
   * The same without the store's time, where that is cheaper: for verifications, which write nothing and go by the
   * local clock with an offset sampled a moment ago. Default: `load` is asked.
   */
  loadRecord?(sid: string): Promise<SessionRecord | undefined>;
  /**
   * The record from memory, or `undefined` when it is not at hand. It may only say yes: what does not
   * match is looked up with `load`.
   */
  getCached?(sid: string): SessionRecord | undefined;
  /**
   * Adds a session. Prunes what is over, then applies the limit by `createdAt`, oldest first. Repeated
   * with the same record it answers as before.
   */
  insert(record: SessionRecord, limit: SubjectLimit, write: WriteContext): Promise<InsertResult>;
  /**
   * Replaces the auth part and raises its version, if the version is `expected`.
   *
   * @param markReplayed a conflict with a record of this generation also sets its `shared`, raises the version and
   *   answers it so: whoever loses a race of refreshes has to mark the winner's step, and needs no second
   *   write for it
   */
  replaceAuth(
    sid: string,
    expected: number,
    auth: AuthPart,
    write: WriteContext,
    markReplayed?: number,
  ): Promise<ReplaceResult>;
  /** Replaces the data part and raises its version, if the version is `expected`. */
  replaceData(
    sid: string,
    expected: number,
    data: DataPart,
    write: WriteContext,
  ): Promise<ReplaceResult>;
  /**
   * Removes a session, and remembers for a while that it did. With `expected`, only if that is the version of
   * its auth part; a conflict answers the current record.
   */
  remove(sid: string, write: WriteContext, expected?: number): Promise<RemoveResult>;
  /** The subject's live sessions, oldest first. */
  list(tag: string): Promise<{ readonly records: readonly SessionRecord[]; readonly now: number }>;
  /**
   * Removes all sessions of a subject but `except`, and leaves a fence: records created up to now are
   * refused for `TOMBSTONE_TTL_MS`. A fence lies at least two milliseconds after the one before, because a
   * session may have been let in right behind that one.
   */
  removeAll(tag: string, except: string | undefined, write: WriteContext): Promise<RemoveAllResult>;
  /** Resolves when the store can serve. */
  ready(): Promise<void>;
  /** Releases what the store holds; not what the caller gave it. */
  close(): Promise<void>;
}
