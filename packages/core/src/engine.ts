/*
 * What engines beside the one of this package are built of, such as the stateless one of `@sess/jwt`. It changes
 * as the engine does: a minor version may rename what is here.
 */

export type {
  AcceptedReading,
  AccessGrant,
  AccessReading,
  AccessTokenContext,
  AccessTokenPort,
  AccessTokens,
} from './access-tokens.js';
export { type Clock, systemClock } from './clock.js';
export { createEvents, type Events } from './events.js';
export { parseBearer } from './http/bearer.js';
export { toFrozenJson } from './json.js';
export { createRedactingLogger, type Logger } from './logger.js';
export {
  resolveClock,
  resolveLogger,
  resolveRandom,
  resolveSchema,
  resolveSubjectPepper,
} from './option-ports.js';
export { type Calling, createCalling } from './session/calls.js';
export { checkData } from './session/checked-data.js';
export { hideTokens } from './session/view.js';
export type { AuthPart, SessionRecord } from './store/record.js';
export type { StorePort } from './store/store-port.js';
export { assertSubject, createSid, createSubjectTag, isSid, tagOf } from './token/id.js';
export { createRandomBytes, encodeBase64Url, type RandomBytes } from './token/random.js';
