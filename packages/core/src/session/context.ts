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
}
