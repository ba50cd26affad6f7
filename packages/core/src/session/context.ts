import type { AccessTokenPort } from '../access-tokens.js';
import type { Settings } from '../options.js';
import type { StorePort } from '../store/store-port.js';
import type { SubjectTag } from '../token/session-id.js';
import type { KeyedMutex } from '../util/keyed-mutex.js';
import type { Acknowledger } from './acknowledge.js';
import type { Events } from './events.js';
import type { StoreTime } from './store-client.js';

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
}

/** Registered, so that a sibling package finds it on an engine of another copy of this one. */
export const CONTEXT: unique symbol = Symbol.for('sess.engine-context');

/** Returns what an engine with a store is made of, for sibling packages; `undefined` for others. */
export function contextOf(sessions: object): EngineContext | undefined {
  return (sessions as { readonly [CONTEXT]?: () => EngineContext })[CONTEXT]?.();
}
