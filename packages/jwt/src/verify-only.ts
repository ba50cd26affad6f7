import {
  type Clock,
  type Duration,
  type Logger,
  parseBearer,
  type RegisteredData,
  type Sessions,
} from '@sess/core';
import {
  clockOption,
  createEvents,
  createRandomBytes,
  createRedactingLogger,
  createSubjectTag,
  duration,
  isSid,
  loggerOption,
  type Readers,
  readOptions,
  subjectPepperOption,
  tagOf,
} from '@sess/core/internal';

import type { Denylist } from '@sess/core/store';
import type { JSONWebKeySet } from 'jose';
import { createClaimsVerifier } from './denylist/claims-verifier.js';
import { createDenylistClient } from './denylist/denylist-client.js';
import { NotSupportedError } from './errors.js';
import { createJwksKeys } from './keys/jwks.js';
import {
  denylistOption,
  onDenylistErrorOption,
  toVerifierSettings,
  VERIFIER_READERS,
  type VerifierOptions,
} from './options.js';
import { createReader, type VerifiedToken } from './token/reader.js';

/** Options of `verifyOnly`. */
export interface VerifyOnlyOptions extends VerifierOptions {
  /** Where the issuer publishes its keys: `https://…/.well-known/jwks.json`. Plain HTTP is accepted for this machine. */
  readonly jwksUri?: string | URL;
  /** The keys themselves, instead of `jwksUri`. */
  readonly jwks?: JSONWebKeySet;
  /** How long fetched keys are used. Default: `'10m'`. A withdrawn key is accepted for that long. */
  readonly jwksMaxAge?: Duration;
  /** The denylist of the issuer, if this service can reach it. Default: none; tokens live until they expire. */
  readonly denylist?: Denylist;
  /** What happens if the denylist does not respond. Default: `'fail'` (503). `'accept'` accepts tokens, ended ones too. */
  readonly onDenylistError?: 'fail' | 'accept';
  /** The longest life of the issuer's tokens. Used with a denylist only. Default: `'1h'`. */
  readonly ttl?: Duration;
  /** The `subjectPepper` of the issuer, if it has one. Used with a denylist only. */
  readonly subjectPepper?: string;
  /** A pino-style logger; wrap others with `messageFirst`. Default: warnings and errors become process warnings. */
  readonly logger?: Logger;
  /** A source of time. Default: the machine's. */
  readonly clock?: Clock;
}

/** Returns the value: `createJwksKeys` checks the two together. */
const unchecked = <Value>(_name: string, value: unknown): Value => value as Value;

const READERS = {
  ...VERIFIER_READERS,
  jwksUri: unchecked<string | URL | undefined>,
  jwks: unchecked<JSONWebKeySet | undefined>,
  jwksMaxAge: duration({ default: '10m' }),
  denylist: denylistOption,
  onDenylistError: onDenylistErrorOption,
  ttl: duration({ default: '1h' }),
  subjectPepper: subjectPepperOption,
  logger: loggerOption,
  clock: clockOption,
} as const satisfies Readers<VerifyOnlyOptions>;

/**
 * Creates an engine that verifies the tokens of another service by its public keys. Adapters use it like any engine,
 * with `routes: 'none'`; methods that write throw `NotSupportedError`. It cannot acknowledge a rotation: the issuer
 * forgives a lost refresh response until its own routes receive the new token.
 *
 * @throws {UsageError} invalid_option
 */
export function verifyOnly<Data extends object = RegisteredData>(
  options: VerifyOnlyOptions,
): Sessions<Data> {
  const settings = readOptions('verifyOnly', options, READERS);
  const { expected, leeway } = toVerifierSettings(settings);
  const { clock, jwksUri, jwks, jwksMaxAge, onDenylistError, ttl } = settings;
  const now = () => clock.now();
  const logger = createRedactingLogger(settings.logger);
  const tagOfSubject = createSubjectTag(settings.subjectPepper);
  const events = createEvents(logger);
  const keys = createJwksKeys({
    ...(jwksUri === undefined ? {} : { uri: jwksUri }),
    ...(jwks === undefined ? {} : { jwks }),
    maxAge: jwksMaxAge,
    now,
    logger,
  });
  const denylist =
    settings.denylist &&
    createDenylistClient({
      denylist: settings.denylist,
      onError: onDenylistError,
      maxTtlMs: ttl + leeway,
      clock,
      random: createRandomBytes(),
      events,
      logger,
    });
  const read = createReader({
    ...keys,
    expected,
    leeway,
    logger,
    findForeignClaim: ({ sid, claimed: { session } }: VerifiedToken) =>
      denylist === undefined || (isSid(sid) && tagOf(sid) === tagOfSubject(session.subject))
        ? undefined
        : 'sid',
  });
  const { verify } = createClaimsVerifier({ read, denylist, events, now });
  const unsupported = (name: string) => () => Promise.reject(new NotSupportedError(name));

  return Object.freeze({
    verify: async (accessToken: unknown, how?: { readonly jkt?: string }) =>
      verify<Data>(accessToken, how?.jkt),
    authenticate: async (authorization: string | null | undefined) =>
      verify<Data>(parseBearer(authorization)),
    create: unsupported('create'),
    refresh: unsupported('refresh'),
    present: unsupported('present'),
    createGuest: unsupported('createGuest'),
    updateGuest: unsupported('updateGuest'),
    put: unsupported('put'),
    take: unsupported('take'),
    update: unsupported('update'),
    updateAll: unsupported('updateAll'),
    elevate: unsupported('elevate'),
    get: unsupported('get'),
    list: unsupported('list'),
    revoke: unsupported('revoke'),
    revokeAll: unsupported('revokeAll'),
    expireAccess: unsupported('expireAccess'),
    end: unsupported('end'),
    on: events.on,
    logger,
    kind: 'stateless' as const,
    clock: Object.freeze({ now }),
    async ready() {
      await Promise.all([keys.ready(), denylist?.ready()]);
    },
    close: async () => denylist?.close(),
  });
}
