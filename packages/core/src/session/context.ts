import type { AccessTokenPort } from '../access-tokens.js';
import type { Settings } from '../options.js';
import type { StorePort } from '../store/store-port.js';
import type { SubjectTag } from '../token/session-id.js';
import type { KeyedMutex } from '../util/keyed-mutex.js';
import type { Acknowledger } from './acknowledge.js';
import type { Events } from './events.js';
import type { PresentationAttempt, PresentationDecision } from './presentation.js';
import type { RefreshAttempt, RotationDecision } from './rotation.js';
import type { StoreTime } from './store-client.js';

/** How the cookies of sessions that are bound to a device are judged. Without it, they are unknown. */
export interface DevicePort {
  /** Decides about a cookie that came with a request. */
  present(attempt: PresentationAttempt): PresentationDecision;
  /** Decides about a cookie that is to be exchanged for an access token. */
  refresh(attempt: RefreshAttempt): RotationDecision;
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
  /** The thumbprint of the key that a client has proved: `@sess/bound` makes operations for it. Absent: none. */
  readonly jkt?: string;
  /** Given by `@sess/bound`; at most one. */
  readonly devices: DevicePort[];
}

/** Registered, so that a sibling package finds it on an engine of another copy of this one. */
export const CONTEXT: unique symbol = Symbol.for('sess.engine-context');

/** Returns what an engine with a store is made of, for sibling packages; `undefined` for others. */
export function contextOf(sessions: object): EngineContext | undefined {
  return (sessions as { readonly [CONTEXT]?: () => EngineContext })[CONTEXT]?.();
}
