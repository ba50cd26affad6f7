export { memoryDenylist } from './denylist/memory-denylist.js';
export { NotRevocableError, NotSupportedError } from './errors.js';
export { type JwtOptions, jwt } from './jwt.js';
export { generateKey, importJwk, importPem, type KeyOptions } from './keys/asymmetric-key.js';
export type { JwtAlgorithm, JwtKey, PublicJwk } from './keys/key.js';
export { createKeySet, type KeySet } from './keys/key-set.js';
export { type SecretKeyOptions, secretKey } from './keys/secret-key.js';
export { createStatelessSessions } from './stateless/stateless-sessions.js';
export { type VerifyOnlyOptions, verifyOnly } from './verify-only.js';
