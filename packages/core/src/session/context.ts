import type { AccessTokenPort } from '../access-tokens.js';
import type { Settings } from '../options.js';
import type { AuthPart } from '../store/record.js';
import type { StorePort } from '../store/store-port.js';
import type { SubjectTag } from '../token/session-id.js';
import type { KeyedMutex } from '../util/keyed-mutex.js';
import type { Acknowledger } from './acknowledge.js';
import type { Events } from './events.js';
import type { PresentationAttempt, PresentationDecision } from './presentation.js';
import type { RefreshAttempt, RotationDecision } from './rotation.js';
import type { StoreTime } from './store-client.js';

/** What decides about the tokens of one engine. */
export interface Rules {
  /** Decides about a cookie that came with a request. */
  present(attempt: PresentationAttempt): PresentationDecision;
  /** Decides about a refresh token, or a cookie that is to be exchanged for an access token. */
  refresh(attempt: RefreshAttempt): RotationDecision;
  /**
   * Returns what a sign-in or a re-authentication writes.
   *
   * @param auth what it writes for a session without a key
   * @param fresh the tokens
   * @param earlier what a re-authentication replaces
   */
  issue(auth: AuthPart, fresh: { readonly refreshSecret: string }, earlier?: AuthPart): AuthPart;
}

/** What the operations of one engine share; made once, by the composition root. */
export interface EngineContext {
  readonly settings: Settings;
  /** Wrapped by the kind of access token, if it needs that. */
  readonly store: StorePort;
  readonly tokens: AccessTokenPort;
  readonly acknowledger: Acknowledger;
  readonly time: StoreTime;
  readonly events: Events;
  readonly tagOfSubject: SubjectTag;
  readonly runExclusive: KeyedMutex;
  /** Awaited before all sessions of a subject are revoked. A rejection leaves them alive. */
  readonly beforeRevokeAll: ((subject: string) => Promise<void>)[];
  /** Refuse bound sessions. `@sess/bound` changes them, and makes operations with others for a key that was proved. */
  readonly rules: Rules;
}

/** Registered, so that a sibling package finds it on an engine of another copy of this one. */
export const CONTEXT: unique symbol = Symbol.for('sess.engine-context');

/** Returns what an engine with a store is made of, for sibling packages; `undefined` for others. */
export function contextOf(sessions: object): EngineContext | undefined {
  return (sessions as { readonly [CONTEXT]?: () => EngineContext })[CONTEXT]?.();
}
