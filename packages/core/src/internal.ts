/*
 * What the sibling packages share. It is not part of the public interface: it is only extended within a major version,
 * because siblings depend on a range of versions.
 */
export type {
  AcceptedReading,
  AccessGrant,
  AccessReading,
  AccessTokenContext,
  AccessTokenPort,
  AccessTokens,
  EventSink,
} from './access-tokens.js';
export { parseBearer } from './http/bearer.js';
export { createRefreshCookie } from './http/cookie.js';
export { createSessionCache, withSessionCache } from './near-cache/cached-store.js';
export {
  type Channel,
  type ChannelConnection,
  type ChannelEvents,
  createChannel,
} from './near-cache/channel.js';
export {
  createNearCache,
  type Invalidation,
  type InvalidationListener,
  type NearCache,
  type NearCacheContext,
} from './near-cache/near-cache.js';
export {
  type NearCacheOptions,
  type NearCacheSettings,
  nearCacheOption,
  resolveNearCache,
} from './near-cache/options.js';
export {
  clockOption,
  loggerOption,
  randomOption,
  type Settings,
  schemaOption,
  subjectPepperOption,
} from './options.js';
export { createEvents, type Events } from './session/events.js';
export { hideTokens } from './session/issue-tokens.js';
export { type CallStore, createCallStore } from './session/store-client.js';
export { createEngine } from './sessions.js';
export type { AuthPart, SessionRecord } from './store/record.js';
export { decodeAuth, decodeData, encodeAuth, encodeData, formatOf } from './store/record-codec.js';
export type { StorePort } from './store/store-port.js';
export {
  createRandomBytes,
  digest,
  encodeBase64Url,
  isSameDigest,
  type RandomBytes,
  sha256,
} from './token/crypto.js';
export { assertSubject, createSid, createSubjectTag, isSid, tagOf } from './token/session-id.js';
export {
  type BoundedCache,
  type BoundedCacheOptions,
  createBoundedCache,
} from './util/bounded-cache.js';
export { type Clock, systemClock, withTimeout } from './util/clock.js';
export { checkData, checkSchema, isPlainObject, toFrozenJson } from './util/json.js';
export { createKeyedMutex, type KeyedMutex } from './util/keyed-mutex.js';
export { createRedactingLogger, hideWhenInspected, type Logger } from './util/logger.js';
export {
  assertKnown,
  type Duration,
  duration,
  formatShort,
  formatValue,
  integer,
  oneOf,
  option,
  optionError,
  parseDuration,
  port,
  type Reader,
  type Readers,
  type ReadValues,
  readOptions,
  showDuration,
} from './util/options.js';
