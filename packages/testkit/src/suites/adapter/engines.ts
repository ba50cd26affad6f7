import {
  type Clock,
  createSessions,
  type Logger,
  type Sessions,
  type SessionsOptions,
} from '@sess/core';
import type { Denylist, SessionStore } from '@sess/core/store';

/** Options of engines that tests vary, in the words of `createSessions`. A stateless engine takes those that it has. */
export type EngineOptions = Pick<
  SessionsOptions,
  'accessTtl' | 'idleTtl' | 'absoluteTtl' | 'grace' | 'accessOverlap' | 'maxPerSubject' | 'onLimit'
>;

/** What an engine under the suite is to be made of. */
export interface EngineSetup {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: SessionStore;
  /** To be used with `revocation: 'denylist'`, and not otherwise. */
  readonly denylist: Denylist;
  /** What ends a signed token before it expires; `'store'` is asked of engines that have one. */
  readonly revocation: 'denylist' | 'store' | 'none';
  /** What signs: a secret used in these tests only, with equal signatures for equal tokens, or a key pair for ES256. */
  readonly keys: 'secret' | 'pair';
  /** `accessTtl` is always there: it is how long the tokens are to live. */
  readonly options: EngineOptions & Required<Pick<EngineOptions, 'accessTtl'>>;
}

/** Makes the engine of one test. */
export type MakeEngine = (setup: EngineSetup) => Sessions | Promise<Sessions>;

/** Kinds of access tokens: looked up, signed beside sessions in a store, and signed in place of them. */
export type TokenMode = 'opaque' | 'jwt' | 'stateless';

/** Engines for the modes that need a package beside `@sess/core`, and the denylist that they use. */
export interface SignedEngines extends Readonly<Record<Exclude<TokenMode, 'opaque'>, MakeEngine>> {
  readonly createDenylist: () => Denylist;
}

export const makeOpaque: MakeEngine = ({ clock, logger, store, options }) =>
  createSessions({ clock, logger, store, ...options });
