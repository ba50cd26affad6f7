import type { Clock, Logger, RegisteredData, Sessions } from '@sess/core';
import {
  createEvents,
  createRandomBytes,
  createRedactingLogger,
  createSubjectTag,
  isSid,
  parseBearer,
  resolveClock,
  resolveLogger,
  resolveSubjectPepper,
  tagOf,
} from '@sess/core/engine';
import { assertKnown, type Duration, parseDuration } from '@sess/core/options';
import type { Denylist } from '@sess/core/store';
import type { JSONWebKeySet } from 'jose';
import { createClaimsVerifier } from './denylist/claims-verifier.js';
import { createDenylistClient } from './denylist/denylist-client.js';
import { NotSupportedError } from './errors.js';
import { createJwksKeys } from './keys/jwks-keys.js';
import {
  assertDenylist,
  resolveOnDenylistError,
  resolveVerifierOptions,
  type TokenOptions,
  VERIFIER_OPTIONS,
} from './options.js';
import { createReader, type VerifiedToken } from './token/reader.js';
import { createVerifiedTokens } from './token/verified-tokens.js';

/** Options of `verifyOnly`. */
export interface VerifyOnlyOptions extends Omit<TokenOptions, 'keys'> {
  /** Where the issuer publishes its keys: `https://…/.well-known/jwks.json`. Plain HTTP only to this machine. */
  readonly jwksUri?: string | URL;
  /** The keys themselves, instead. */
  readonly jwks?: JSONWebKeySet;
  /** How long fetched keys are good. Default: `'10m'`; a key that was withdrawn is accepted for so long. */
  readonly jwksMaxAge?: Duration;
  /** How long after a fetch an unknown `kid` does not make another one. Default: `'30s'`. */
  readonly jwksCooldown?: Duration;
  /** How long a fetch may take. Default: `'5s'`. */
  readonly jwksTimeout?: Duration;
  /** The issuer's denylist, if it can be reached. Default: none, and tokens live until they expire. */
  readonly denylist?: Denylist;
  /** What a denylist that does not answer means. Default: `'fail'` (503); `'accept'` takes tokens at their word. */
  readonly onDenylistError?: 'fail' | 'accept';
  /** The longest that the issuer's tokens live. Needed with a denylist only. Default: `'1h'`. */
  readonly ttl?: Duration;
  /** That of the issuer, if it has one; with a denylist. */
  readonly subjectPepper?: string;
  /** A pino-style logger; wrap others with `messageFirst`. Default: warnings go to the process's warnings. */
  readonly logger?: Logger;
  /** Default: the machine's time. */
  readonly clock?: Clock;
}

const KNOWN: ReadonlySet<string> = new Set<keyof VerifyOnlyOptions>([
  ...VERIFIER_OPTIONS,
  'jwksUri',
  'jwks',
  'jwksMaxAge',
  'jwksCooldown',
  'jwksTimeout',
  'denylist',
  'onDenylistError',
  'ttl',
  'subjectPepper',
  'logger',
  'clock',
]);

/**
 * For a service that only verifies: the tokens of another service, by its public keys. Adapters take it as they take
 * an engine, with `routes: 'none'`; whatever would write throws `NotSupportedError`. It cannot settle a rotation, so the
 * issuer forgives a lost refresh response until its own routes see the new token.
 *
 * @throws UsageError `invalid_option`
 */
export function verifyOnly<Data extends object = RegisteredData>(
  options: VerifyOnlyOptions,
): Sessions<Data> {
  assertKnown('verifyOnly', options, KNOWN);
  assertDenylist(options.denylist);
  const { jwksMaxAge = '10m', jwksCooldown = '30s', jwksTimeout = '5s', ttl = '1h' } = options;
  const settings = resolveVerifierOptions(options);
  const clock = resolveClock(options.clock);
  const logger = createRedactingLogger(resolveLogger(options.logger));
  const tagOfSubject = createSubjectTag(resolveSubjectPepper(options.subjectPepper));
  const events = createEvents(logger);
  const keys = createJwksKeys({
    ...(options.jwksUri === undefined ? {} : { uri: options.jwksUri }),
    ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
    maxAge: parseDuration('jwksMaxAge', jwksMaxAge),
    cooldown: parseDuration('jwksCooldown', jwksCooldown, { min: 0 }),
    timeout: parseDuration('jwksTimeout', jwksTimeout),
    now: () => clock.now(),
  });
  const onError = resolveOnDenylistError(options.onDenylistError);
  const maxTtlMs = parseDuration('ttl', ttl) + settings.leeway;
  const denylist =
    options.denylist &&
    createDenylistClient({
      denylist: options.denylist,
      onError,
      maxTtlMs,
      clock,
      random: createRandomBytes(),
      events,
      logger,
    });
  const read = createReader({
    ...settings,
    ...keys,
    admits: ({ sid, claimed: { session } }) =>
      denylist === undefined || (isSid(sid) && tagOf(sid) === tagOfSubject(session.subject)),
    verified: createVerifiedTokens<VerifiedToken>(settings.maxRemembered),
  });
  const { verify } = createClaimsVerifier({ read, denylist, events, now: () => clock.now() });
  const unsupported = (name: string) => () => Promise.reject(new NotSupportedError(name));

  return Object.freeze({
    verify: async (accessToken: unknown) => verify<Data>(accessToken),
    authenticate: async (authorization: string | null | undefined) =>
      verify<Data>(parseBearer(authorization)),
    create: unsupported('create'),
    refresh: unsupported('refresh'),
    update: unsupported('update'),
    updateAll: unsupported('updateAll'),
    elevate: unsupported('elevate'),
    get: unsupported('get'),
    list: unsupported('list'),
    revoke: unsupported('revoke'),
    revokeAll: unsupported('revokeAll'),
    end: unsupported('end'),
    on: events.on,
    logger,
    kind: 'stateless' as const,
    clock: Object.freeze({ now: () => clock.now() }),
    async ready() {
      await Promise.all([keys.ready(), denylist?.ready()]);
    },
    close: async () => denylist?.close(),
  });
}
