import type { RemoveAllResult } from '@sess/core/store';

/** A row as a client returns it. */
export type Row = Readonly<Record<string, unknown>>;
export type Value = string | number | boolean | null;

/** The values of each write, in the order of the parameters of its statements. */
export interface WriteValues {
  readonly insert: readonly [
    sid: string,
    tag: string,
    createdAt: number,
    expiresAt: number,
    usedAt: number,
    sweepAt: number,
    generation: number,
    replayed: boolean,
    authVersion: number,
    dataVersion: number,
    auth: string,
    data: string,
    max: number,
    isReject: boolean,
    operation: string,
    notAfter: number,
    replaces: string | null,
    provenAt: number | null,
    user: string | null,
  ];
  readonly replaceAuth: readonly [
    sid: string,
    expected: number,
    auth: string,
    expiresAt: number,
    usedAt: number,
    sweepAt: number,
    generation: number,
    replayed: boolean,
    notAfter: number,
    markReplayed: number | null,
    dataExpected: number | null,
    data: string | null,
  ];
  readonly replaceData: readonly [sid: string, expected: number, data: string, notAfter: number];
  readonly remove: readonly [
    sid: string,
    operation: string,
    notAfter: number,
    expected: number | null,
  ];
  readonly removeAll: readonly [
    tag: string,
    except: string | null,
    operation: string,
    notAfter: number,
    sweepAt: number,
    /** Sessions that were created later are spared. `null`: all are removed. */
    cutoff: number | null,
  ];
}

/** The outcome of an insert. */
export interface InsertRow {
  readonly status: string;
  readonly now: number;
  readonly revokedBefore: number;
  /** The evicted sids, joined by commas. */
  readonly evicted: string | null;
}

/** The outcome of a write of one session, and the session as it is, where the status needs it. */
export interface SessionOutcome {
  readonly status: string;
  readonly now: number;
  readonly row: Row | undefined;
}

/** What each write returns. */
export interface WriteResults {
  readonly insert: InsertRow;
  readonly replaceAuth: SessionOutcome;
  readonly replaceData: SessionOutcome;
  readonly remove: SessionOutcome;
  readonly removeAll: RemoveAllResult;
}

/** What is known of a server whose replica may take over without the newest writes. */
export interface Failover {
  /** True if an error is about one statement, and does not show that the server is away. */
  isHarmless(error: unknown): boolean;
  /** Calls `listener` when a connection had to be replaced. Returns a function that unsubscribes. */
  onReconnect(listener: () => void): () => void;
}

/** The operations of a store in one kind of database. */
export interface SqlDialect {
  /** Absent where the database cannot lose what it has confirmed, as a file. */
  readonly failover?: Failover;
  /**
   * `read`: the row of a sid. `load`: the same with the time as `now`, in any case one row. `list`: the live rows of a
   * tag with the time, at least one row.
   */
  select(name: 'read' | 'load' | 'list', key: string): Promise<readonly Row[]>;
  write<Name extends keyof WriteValues>(
    name: Name,
    values: WriteValues[Name],
  ): Promise<WriteResults[Name]>;
  /** Deletes up to 1,000 ended rows of each kind. */
  sweep(): Promise<void>;
  /** Throws if the tables are absent, or of a version that this build cannot use. */
  check(): Promise<void>;
  migrate(): Promise<void>;
  /** Closes what the store opened. */
  close?(): void;
}

/** Rows of each kind that one sweep deletes. */
export const SWEEP_SIZE = 1_000;
