/** What one step of a program does; who does it is the step's `browser`. */
export type StepKind =
  | 'login'
  | 'refresh'
  | 'verify'
  | 'update'
  /** Proves again who they are. */
  | 'elevate'
  | 'logout'
  /** An administrator ends the session that the browser has. */
  | 'revoke'
  /** An administrator ends all sessions of the browser's user; `spare`: but for the browser's own. */
  | 'revokeAll'
  /** A thief copies the refresh token of the browser. */
  | 'steal'
  /** The thief refreshes with the copy. */
  | 'abuse'
  /** The thief calls the API with the result. */
  | 'exploit'
  /** A process ends during its work; another replaces it. */
  | 'kill'
  /** A process's clock is set, `amount` milliseconds on or back. */
  | 'jump'
  /** The store fails over to a replica that lacks the last `amount` writes. */
  | 'failover';

/** Something that a history begins at a moment. What comes of it follows from the step's own seed. */
export interface Step {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly kind: StepKind;
  readonly browser: number;
  readonly process: number;
  readonly seed: number;
  readonly amount: number;
  readonly spare: boolean;
  /** Nothing goes wrong with it. */
  readonly isCalm: boolean;
}

/** How often what goes wrong, from 0 to 1. */
export interface Weather {
  /** Messages between browsers and processes. */
  readonly lost: number;
  readonly slow: number;
  /** Calls of the store. */
  readonly storeLost: number;
  readonly storeSlow: number;
  /** Writes that reach the store twice. */
  readonly repeated: number;
}

/** A history before it happens: everything that chance decides is in it, so that it can be repeated and cut. */
export interface Plan {
  readonly seed: number;
  readonly processes: number;
  /** Whose browsers there are: a cookie jar each. */
  readonly users: readonly string[];
  readonly weather: Weather;
  readonly steps: readonly Step[];
}

/** The policy that histories run under, milliseconds. */
export const POLICY = {
  accessTtl: 900_000,
  idleTtl: 3_600_000,
  absoluteTtl: 10_800_000,
  grace: 10_000,
  overlap: 300_000,
  maxPerSubject: 4,
} as const;

/** Lifetimes that some sign-ins have instead, seconds. */
export const SHORT_LIFE = { idleTtl: 1_200, absoluteTtl: 5_400, remember: false } as const;

/**
 * An exchange that takes longer, from the first time its token is sent to the last, may be reported as reuse: responses may be in flight for half of the grace, and the next
 * request, with the previous token, for the other half.
 */
export const LONGEST_EXCHANGE: number = POLICY.grace / 2;
