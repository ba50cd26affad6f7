import {
  type AccessTokens,
  type Duration,
  type RegisteredData,
  type Session,
  UsageError,
} from '@sess/core';
import {
  type AccessTokenContext,
  type AccessTokenPort,
  duration,
  isSid,
  optionError,
  type Reader,
  type Readers,
  readOptions,
  tagOf,
} from '@sess/core/internal';
import type { Denylist } from '@sess/core/store';
import { createClaimsVerifier } from './denylist/claims-verifier.js';
import { createDenylistClient, type DenylistClient } from './denylist/denylist-client.js';
import { memoryDenylist } from './denylist/memory-denylist.js';
import { attachDenylist } from './denylist/revoking-store.js';
import { NotRevocableError } from './errors.js';
import { createKeyRing } from './keys/key-set.js';
import {
  denylistOption,
  functionOption,
  keysOption,
  onDenylistErrorOption,
  type TokenOptions,
  toVerifierSettings,
  VERIFIER_READERS,
} from './options.js';
import { createReader, type VerifiedToken } from './token/reader.js';
import { type ChooseClaims, createWriter } from './token/writer.js';

/** Options of `jwt`. */
export interface JwtOptions<Data extends object = RegisteredData> extends TokenOptions {
  /** How long a token lives. Default: `accessTtl` of the engine. */
  readonly ttl?: Duration;
  /**
   * When the access token of an ended session stops working.
   * - `'none'`: when it expires. Verification asks nothing.
   * - `'store'`: immediately. Every verification asks the store or its near cache, and returns the current session.
   * - `'denylist'`: immediately. Every verification asks the denylist, which is small.
   */
  readonly revocation: 'none' | 'store' | 'denylist';
  /**
   * The denylist for `revocation: 'denylist'`. Default: one in the memory of this process, which is refused with a
   * store that processes share: give `redisDenylist(client)` there.
   */
  readonly denylist?: Denylist;
  /**
   * What happens if the denylist does not respond. Default: `'fail'`, a `StoreUnavailableError` (503). `'accept'` accepts
   * tokens until it responds again, also those of ended sessions.
   */
  readonly onDenylistError?: 'fail' | 'accept';
  /**
   * Returns the part of a session that its tokens contain as claims. Everyone who holds a token can read it. It is called
   * again at every refresh. Default: all of `session.data`; nothing with `revocation: 'store'`.
   */
  readonly claims?: (session: Session<Data>) => object;
}

/** The claims of a session's tokens by default: what must be known without a store. */
const DEFAULT_CLAIMS: Readonly<Record<JwtOptions['revocation'], ChooseClaims>> = {
  none: ({ data }) => data,
  store: () => ({}),
  denylist: ({ data }) => data,
};

const revocationOption: Reader<JwtOptions['revocation']> = (name, value) => {
  // An array with one name would be found in the table like the name.
  if (typeof value === 'string' && Object.hasOwn(DEFAULT_CLAIMS, value)) {
    return value as JwtOptions['revocation'];
  }
  throw optionError({
    option: name,
    expected: "'none', 'store' or 'denylist'",
    value,
    repair: 'It decides when the access token of an ended session is rejected.',
  });
};

const READERS = {
  keys: keysOption,
  ...VERIFIER_READERS,
  ttl: duration(),
  revocation: revocationOption,
  denylist: denylistOption,
  onDenylistError: onDenylistErrorOption,
  claims: functionOption<ChooseClaims>('a function of the session'),
} as const satisfies Readers<JwtOptions>;

/**
 * Creates signed access tokens (RFC 9068) for the option `accessToken` of `createSessions`. Refresh tokens stay opaque
 * and rotate, and the store knows them.
 *
 * @throws {UsageError} invalid_option
 */
export function jwt<Data extends object = RegisteredData>(options: JwtOptions<Data>): AccessTokens {
  const settings = readOptions('jwt', options, READERS);
  const { keys, revocation, ttl, onDenylistError } = settings;
  if (settings.denylist !== undefined && revocation !== 'denylist') {
    throw new UsageError(
      'invalid_option',
      `denylist: expected undefined with revocation: '${revocation}', which does not use it, got a denylist.`,
    );
  }
  const { expected, leeway } = toVerifierSettings(settings);
  const { claims: choose = DEFAULT_CLAIMS[revocation] } = settings;
  const denylist = revocation === 'denylist' ? (settings.denylist ?? memoryDenylist()) : undefined;

  return Object.freeze({
    kind: 'jwt',
    ...(ttl === undefined ? {} : { ttl }),
    open(context): AccessTokenPort {
      const { clock, accessTtl, tagOfSubject, events, logger, acknowledge } = context;
      const client = denylist && openDenylist(context, { denylist, onDenylistError, leeway });
      const ring = createKeyRing(keys, accessTtl + leeway + 1_000);
      const { issuer, audiences, required } = expected;
      const writer = createWriter({ ring, issuer, audiences, choose, required, source: 'claims' });
      const read = createReader({
        expected,
        leeway,
        logger,
        findKey: ring.find,
        version: ring.version,
        findForeignClaim: ({ sid, claimed: { session, generation } }: VerifiedToken) => {
          // Tokens of a stateless engine with the same keys and names are not tokens of this one (RFC 8725, section
          // 3.12). They renew themselves, and no store knows them.
          if (generation < 0) return 'gen';
          // Denials are found by the subject's tag: a session with the tag of another subject would not be found.
          const isOwn = isSid(sid) && (!client || tagOf(sid) === tagOfSubject(session.subject));
          return isOwn ? undefined : 'sid';
        },
      });
      const { verify } = createClaimsVerifier({
        read,
        denylist: client,
        events,
        now: () => clock.now(),
        acknowledge,
        sampleTime: createTimeSampler(context),
      });
      return {
        ...(revocation === 'store' ? {} : { verify, expireAll: rejectExpiry }),
        ...(client === undefined ? {} : attachDenylist(context, { denylist: client, leeway })),
        issue: ({ digest, ...grant }) => writer.write({ ...grant, jti: digest }, clock.now()),
        assertIssuable: writer.assertWritable,
        read,
        ...(ring.signer(clock.now()).isSymmetric
          ? {}
          : { publicKeys: async () => ({ keys: ring.publicKeys(clock.now()) }) }),
      };
    },
  } satisfies AccessTokens);
}

/** @throws {NotRevocableError} not_revocable */
async function rejectExpiry(): Promise<void> {
  throw new NotRevocableError();
}

/** Creates a function that reads the store's time once, for all verifications that wait for it. */
function createTimeSampler({ clock, store }: AccessTokenContext) {
  let pending: Promise<void> | undefined;
  return (sid: string): Promise<void> | undefined => {
    if (clock.isSampled) return undefined;
    pending ??= store.sampleTime(sid)?.finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

/** @throws {UsageError} invalid_option if the denylist is local and the store is not */
function openDenylist(
  { clock, random, events, logger, store, accessTtl }: AccessTokenContext,
  options: {
    readonly denylist: Denylist;
    readonly onDenylistError: 'fail' | 'accept';
    readonly leeway: number;
  },
): DenylistClient {
  const { denylist, onDenylistError, leeway } = options;
  if (denylist.isLocal && !store.isLocal) {
    throw new UsageError(
      'invalid_option',
      'denylist: expected one that processes share, as they share the store, got one in the memory of this process. It would accept what other processes revoke, and refuse their tokens. Use redisDenylist(client).',
    );
  }
  return createDenylistClient({
    denylist,
    onError: onDenylistError,
    maxTtlMs: accessTtl + leeway,
    clock,
    random,
    events,
    logger,
  });
}
