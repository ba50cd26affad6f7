/** What is asked of a process. `logout` ends the session of a token, `revoke` one by its id. */
export type Kind = 'create' | 'verify' | 'refresh' | 'update' | 'revoke' | 'logout' | 'revokeAll';

/** `failed`: a definite no. `unknown`: the store could not say; what was asked for may have happened. */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** The names of tokens that an answer brought; tokens themselves stay out of the history. */
export interface IssuedNames {
  readonly refresh: string;
  readonly access: string;
  /** Of the refresh token. */
  readonly generation: number;
}

/** One call of an engine. Times are milliseconds of the one monotonic clock that all processes share. */
export interface Operation {
  readonly id: number;
  readonly kind: Kind;
  readonly worker: number;
  /** Which pair of master and replica keeps the subject. */
  readonly shard: number;
  readonly subject: string;
  /** Absent where no session is named: `revokeAll`, and a `create` that brought none. */
  readonly session?: string;
  /** The token that was presented. */
  readonly token?: string;
  /** The session that `revokeAll` spares. */
  readonly spared?: string;
  /** What `update` sets; no value is ever written twice. */
  readonly patch?: { readonly key: string; readonly value: number };
  readonly from: number;
  readonly to: number;
  /** For how much of that time the process did not get a processor. */
  readonly starved: number;
  readonly outcome: Outcome;
  /** The reason of a no, or the fault. */
  readonly detail?: string;
  /** It threw something that the engine does not promise. */
  readonly isUnexpected?: boolean;
  readonly issued?: IssuedNames;
  /** The session's data as the answer shows it. */
  readonly seen?: Readonly<Record<string, number>>;
}

/** What an engine told its listeners. */
export interface ToldEvent {
  readonly at: number;
  readonly worker: number;
  readonly name: 'reuse' | 'revoked';
  readonly cause?: string;
  readonly session?: string;
}

/** What was done to the nodes of a shard, until the cluster was whole again. */
export interface Disturbance {
  readonly kind: string;
  readonly shard: number;
  readonly from: number;
  readonly to: number;
  /** A replica took over from a master that had no chance to hand over: writes may be lost. */
  readonly mayLose: boolean;
}

/** A whole run. */
export interface History {
  readonly operations: readonly Operation[];
  readonly events: readonly ToldEvent[];
  readonly disturbances: readonly Disturbance[];
  /** Asked and never answered. */
  readonly unanswered: readonly string[];
}

/** What the checker may hold to be owed to a failover, and for how long; milliseconds. */
export interface Tolerance {
  /** How far a replica may have lagged behind its master when the disturbance began. */
  readonly lag: number;
  /** How long after a failover an ended session may live again: until its process has ended it once more. */
  readonly revival: number;
  /** How long a call may take, beyond the deadline of the store, on a machine that is busy. */
  readonly margin: number;
  /** The deadline of the store. */
  readonly timeout: number;
}

export type Rule =
  | 'ended is ended'
  | 'refused stays refused'
  | 'one successor'
  | 'never back'
  | 'no honest thief'
  | 'nobody signed out'
  | 'no patch lost'
  | 'answered in time';

/** Something that should not be; a violation, unless a failover that lost writes explains it. */
export interface Finding {
  readonly rule: Rule;
  readonly verdict: 'violation' | 'failover';
  readonly text: string;
  readonly session?: string;
  /** The calls that show it. */
  readonly evidence: readonly Operation[];
  /** For a revival: how long after the failover was over it was seen. */
  readonly lasted?: number;
}

/** How the clock of the history is read. */
export function readClock(): number {
  // Unlike performance.now(), which counts from each process's own start.
  return Number(process.hrtime.bigint()) / 1e6;
}
