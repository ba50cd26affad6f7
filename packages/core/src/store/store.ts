import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import type { AuthPart, DataPart, SessionRecord } from './record.js';

/**
 * How long a store remembers a removed session: longer than any write can be in flight, so that a repeated or late copy
 * of an older write finds the tombstone. Milliseconds.
 */
export const TOMBSTONE_TTL_MS = 60_000;

/** How long a store keeps the mark of a subject's newest `removeAll`: the age that a proof may have. Milliseconds. */
export const REVOCATION_TTL_MS = 900_000;

/** How far ahead of the store's time a record may have been created. Milliseconds. */
export const MAX_CLOCK_LEAD_MS = 100;

/** What every write carries. */
export interface WriteContext {
  /** The store MUST NOT write after this moment of the clock of the store; it returns `late` instead. */
  readonly notAfter: number;
  /** Unique to the call. The same write arriving twice MUST return the result of the first. */
  readonly operation: string;
}

/** What an insert carries. */
export interface InsertContext extends WriteContext {
  /**
   * A session of the same subject that the same write removes, as `remove` does. It does not count for the limit, and
   * stays if the insert is refused.
   */
  readonly replaces?: string;
  /**
   * When the user proved who they are, in store time. The insert is refused as `revoked` if a `removeAll` of the
   * subject happened at or after it.
   */
  readonly provenAt?: number;
}

/** What a replacement of the auth part carries. */
export interface ReplaceAuthContext extends WriteContext {
  /** Replaces the data part in the same write, if its version is `expected` too; otherwise the write is a conflict. */
  readonly data?: { readonly expected: number; readonly part: DataPart };
}

/** The result of a write, with the store's time at which it was made, in epoch milliseconds. */
export interface StoreResult<Status extends string> {
  /** What happened. Every status but `late` is final for its operation. */
  readonly status: Status;
  /** The store’s time, epoch milliseconds. The engine derives later deadlines from it. */
  readonly now: number;
  /** `false`: written, but replicas that were to have it did not say so in time. Absent: none were asked. */
  readonly confirmed?: boolean;
}

/** The write arrived after its `notAfter`. Nothing was written. */
export type LateResult = StoreResult<'late'>;

/** The result of `load`. */
export interface LoadResult {
  /** The record, or `undefined` if it is absent, removed, or cannot be read. */
  readonly record: SessionRecord | undefined;
  /**
   * `unreadable`: there is a record, written by a newer version of the store, and `record` is `undefined`. It counts
   * for the limit, is not listed, and `remove` without a version and `removeAll` remove it. Absent: none of that.
   */
  readonly status?: 'unreadable';
  /** The store’s time, epoch milliseconds. */
  readonly now: number;
}

/** How many live sessions a subject may have, and what happens to the one too many. */
export interface SubjectLimit {
  /** At least 1. Sessions that have expired do not count. */
  readonly max: number;
  /** `reject`: the insert returns `limit`. `evict-oldest`: the same write removes sessions until there is room. */
  readonly onLimit: 'evict-oldest' | 'reject';
}

/** The result of `insert`. `evicted` holds the sids that were removed to make room. */
export type InsertResult =
  | (StoreResult<'inserted'> & { readonly evicted: readonly string[] })
  | StoreResult<'limit'>
  /**
   * Created up to the mark of a `removeAll`, removed already, proved before a `removeAll`, or created more than
   * `MAX_CLOCK_LEAD_MS` ahead of the later of the store's time and the mark. A record that is created after
   * `revokedBefore`, in store time, is accepted.
   */
  | (StoreResult<'revoked'> & { readonly revokedBefore: number })
  | LateResult;

/**
 * The result of `replaceAuth` and `replaceData`. A conflict returns the record, so that the engine can decide again.
 */
export type ReplaceResult =
  | StoreResult<'replaced'>
  | (StoreResult<'conflict'> & { readonly record: SessionRecord })
  | StoreResult<'absent'>
  | LateResult;

/** The result of `remove`. `conflict`: the version is not the expected one, and nothing was removed. */
export type RemoveResult =
  | StoreResult<'removed'>
  | (StoreResult<'conflict'> & { readonly record: SessionRecord })
  | StoreResult<'absent'>
  | LateResult;

/** The result of `removeAll`, with the number of live sessions that were removed. */
export type RemoveAllResult = (StoreResult<'removed'> & { readonly count: number }) | LateResult;

/** What an engine lends to the store it uses. */
export interface StoreContext {
  /** The engine’s clock, for a store without a clock of its server. */
  readonly clock: Clock;
  /** Redacts tokens. For faults that no call can report. */
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
   * Returns the record from memory, or `undefined` when it is not cached. It may be stale: the engine only accepts a
   * token by it, and calls `load` before it rejects one.
   */
  getCached?(sid: string): SessionRecord | undefined;
  /**
   * Adds a session. The limit counts live sessions; eviction takes the least recent `auth.lastUsedAt` first, then the
   * lowest sid. The same record inserted again gets the same result.
   */
  insert(record: SessionRecord, limit: SubjectLimit, write: InsertContext): Promise<InsertResult>;
  /**
   * Replaces the auth part and raises its version, if the version is `expected`.
   *
   * @param markReplayed a conflict with a record of this generation also sets its `replayed`, raises the version and
   *   returns the changed record: the loser of a race of refreshes must mark the winner's step, and needs no second
   *   write for it
   */
  replaceAuth(
    sid: string,
    expected: number,
    auth: AuthPart,
    write: ReplaceAuthContext,
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
   * Removes a session and remembers the removal for `TOMBSTONE_TTL_MS`. With `expected`, only if that is the version of
   * its auth part; a conflict returns the current record.
   */
  remove(sid: string, write: WriteContext, expected?: number): Promise<RemoveResult>;
  /** The subject's live sessions, oldest first. */
  list(tag: string): Promise<{ readonly records: readonly SessionRecord[]; readonly now: number }>;
  /**
   * Removes all sessions of a subject but `except`, and sets a mark: records created up to it are refused. It is
   * kept for `REVOCATION_TTL_MS`. It lies at the store's time, but not before the newest `createdAt` of a record that
   * was inserted, nor less than two milliseconds after the mark before it. If nothing was inserted since, the earlier
   * mark is enough: many calls in one millisecond must not push it ahead of the time.
   */
  removeAll(tag: string, except: string | undefined, write: WriteContext): Promise<RemoveAllResult>;
  /** Resolves when the store can serve. */
  ready(): Promise<void>;
  /** Releases what the store holds; not what the caller gave it. */
  close(): Promise<void>;
}
