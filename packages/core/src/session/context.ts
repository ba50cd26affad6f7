import type { Settings } from '../options.js';
import type { AccessTokenPort } from '../token/access-token.js';
import type { SubjectTag } from '../token/session-id.js';
import type { KeyedMutex } from '../util/keyed-mutex.js';
import type { DenylistClient } from './denylist-port.js';
import type { Events } from './events.js';
import type { StorePort } from './store-port.js';
import type { StoreTime } from './store-time.js';

/** What the operations of one engine share; made once, by the composition root. */
export interface EngineContext {
  readonly settings: Settings;
  readonly store: StorePort;
  readonly tokens: AccessTokenPort;
  /** Where signed tokens are denied; absent when tokens are looked up, or die by their expiry only. */
  readonly denylist: DenylistClient | undefined;
  readonly time: StoreTime;
  readonly events: Events;
  readonly tagOfSubject: SubjectTag;
  readonly runExclusive: KeyedMutex;
}
