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
  EventSink,
} from './access-tokens.js';
export { createRefreshCookie, readCookie } from './http/cookie.js';
export { deviceOf } from './http/device.js';
export { type ProblemCode, problemReply } from './http/problem.js';
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
  schemaOption,
  subjectPepperOption,
} from './option-readers.js';
export { type ReplayableStore, withRevocationReplay } from './replay/replay-store.js';
export { createReplayer, createReplayLog } from './replay/replayer.js';
export {
  type AdoptedContent,
  type AdoptionResult,
  type AdoptionSeed,
  createAdoptions,
} from './session/adoption.js';
export { boundDigest, unbind } from './session/binding.js';
export { contextOf, type EngineContext, type Rules } from './session/context.js';
export { createCreate } from './session/create.js';
export { createElevate } from './session/elevate.js';
export { createEvents, type Events } from './session/events.js';
export { asFormer, findFormer, findFormerAccess } from './session/former.js';
export { persistenceOf } from './session/issue-tokens.js';
export { policyOf } from './session/lifetimes.js';
export { type Attempt, updateWithRetry } from './session/optimistic-update.js';
export { toPresentResult } from './session/present.js';
export {
  decidePresentation,
  type PresentationAttempt,
  type PresentationDecision,
} from './session/presentation.js';
export { readProof } from './session/proof.js';
export { createRefresh } from './session/refresh.js';
export {
  decideRefresh,
  type RefreshAttempt,
  type RotationDecision,
  UNKNOWN,
} from './session/rotation.js';
export { createRotationEffects, type EndedSession } from './session/rotation-effects.js';
export { createCallStore } from './session/store-call.js';
export { createVerify } from './session/verify.js';
export { createEngine } from './sessions.js';
export { decodeAuth, decodeData, encodeAuth, encodeData, formatOf } from './store/record-codec.js';
export type { StorePort } from './store/store-port.js';
export {
  createRandomBytes,
  deriveAccessSecret,
  digest,
  encodeBase64Url,
  isSameDigest,
  type RandomBytes,
  sha256,
} from './token/crypto.js';
export {
  formatRefreshToken,
  parseAccessToken,
  parseRefreshToken,
  type RefreshCredential,
} from './token/format.js';
export { assertSubject, createSid, createSubjectTag, isSid, tagOf } from './token/session-id.js';
export { createBackoff } from './util/backoff.js';
export { type BoundedCache, createBoundedCache } from './util/bounded-cache.js';
export { systemClock, withTimeout } from './util/clock.js';
export { checkData, toFrozenJson } from './util/json.js';
export { createRedactingLogger, hideTokens } from './util/logger.js';
export {
  assertKnown,
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
export { isProofName } from './util/proof-name.js';
