import {
  type AccessTokens,
  type Duration,
  type RegisteredData,
  type Session,
  UsageError,
} from '@sess/core';
import { type AccessTokenContext, type AccessTokenPort, isSid, tagOf } from '@sess/core/engine';
import { assertKnown, formatValue, parseDuration } from '@sess/core/options';
import type { Denylist } from '@sess/core/store';
import { createClaimsVerifier } from './denylist/claims-verifier.js';
import { createDenylistClient, type DenylistClient } from './denylist/denylist-client.js';
import { memoryDenylist } from './denylist/memory-denylist.js';
import { attachDenylist } from './denylist/revoking-store.js';
import { createKeyRing } from './keys/key-ring.js';
import {
  assertDenylist,
  resolveOnDenylistError,
  resolveTokenOptions,
  type TokenOptions,
  VERIFIER_OPTIONS,
} from './options.js';
import { createReader, type VerifiedToken } from './token/reader.js';
import { createVerifiedTokens } from './token/verified-tokens.js';
import { type ChooseClaims, createWriter } from './token/writer.js';

/** Options of `jwt()`. */
export interface JwtOptions<Data extends object = RegisteredData> extends TokenOptions {
  /** How long a token lives. Default: the engine's `accessTtl`. */
  readonly ttl?: Duration;
  /**
   * When the access token of a session that has ended dies.
   * - `'none'`: when it expires. No verification asks anybody.
   * - `'store'`: at once; every verification asks the store, or its near cache, and answers the session as it is.
   * - `'denylist'`: at once; every verification asks the denylist, which is small, and empty most of the time.
   */
  readonly revocation: 'none' | 'store' | 'denylist';
  /**
   * With `revocation: 'denylist'`. Default: one in this process's memory, which no other process knows of:
   * give `redisDenylist(client)` where there is more than one.
   */
  readonly denylist?: Denylist;
  /**
   * What a denylist that does not answer means. Default: `'fail'`, a `StoreUnavailableError` (503). `'accept'` takes
   * tokens at their word meanwhile, ended ones too.
   */
  readonly onDenylistError?: 'fail' | 'accept';
  /**
   * What of the session goes into the token as claims, where everyone who holds the token can read it, and what
   * `session.data` is where tokens are taken at their word. Default: all of its data; with `revocation: 'store'` nothing.
   */
  readonly claims?: (session: Session<Data>) => object;
}

const KNOWN: ReadonlySet<string> = new Set<keyof JwtOptions>([
  'keys',
  ...VERIFIER_OPTIONS,
  'ttl',
  'revocation',
  'denylist',
  'onDenylistError',
  'claims',
]);

/** What of a session goes into its tokens, where nothing else is said: all that has to be known without a store. */
const CHOICES: Readonly<Record<JwtOptions['revocation'], ChooseClaims>> = {
  none: ({ data }) => data,
  store: () => ({}),
  denylist: ({ data }) => data,
};

/**
 * Signed access tokens (RFC 9068) for the option `accessToken` of `createSessions`. Refresh tokens stay what they are:
 * opaque, rotating, and known to the store.
 *
 * @throws UsageError `invalid_option`
 */
export function jwt<Data extends object = RegisteredData>(options: JwtOptions<Data>): AccessTokens {
  assertKnown('jwt', options, KNOWN);
  const settings = resolveTokenOptions(options);
  const { revocation } = options;
  // A list of one name would be found like the name itself, and then be none of them.
  if (typeof revocation !== 'string' || !Object.hasOwn(CHOICES, revocation)) {
    throw new UsageError(
      'invalid_option',
      `revocation: '${formatValue(revocation)}' will not do. Write 'none', 'store' or 'denylist': when the access token of an ended session dies.`,
    );
  }
  if (options.denylist !== undefined && revocation !== 'denylist') {
    throw new UsageError(
      'invalid_option',
      `denylist: it is not asked with revocation: '${revocation}'. Write revocation: 'denylist', or leave it out.`,
    );
  }
  assertDenylist(options.denylist);
  const onDenylistError = resolveOnDenylistError(options.onDenylistError);
  const { claims = CHOICES[revocation] } = options;
  const choose = claims as ChooseClaims;
  if (typeof choose !== 'function') {
    throw new UsageError('invalid_option', 'claims: write a function of the session.');
  }
  const denylist = revocation === 'denylist' ? (options.denylist ?? memoryDenylist()) : undefined;

  return Object.freeze({
    kind: 'jwt',
    ...(options.ttl === undefined ? {} : { ttl: parseDuration('ttl', options.ttl) }),
    open(context): AccessTokenPort {
      const { clock, accessTtl, tagOfSubject, events, acknowledge } = context;
      const { expected, leeway } = settings;
      const client = denylist && openDenylist(context, { denylist, onDenylistError, leeway });
      const ring = createKeyRing(settings.source, accessTtl + leeway + 1_000);
      const writer = createWriter({
        ring,
        issuer: expected.issuer,
        audiences: expected.audiences,
        choose,
        required: expected.required,
        optionName: 'claims',
      });
      const read = createReader({
        ...settings,
        findKey: ring.find,
        version: ring.version,
        // No store is asked for what is no id. What is denied is found by the subject's tag: a session of another's
        // tag would never be found.
        admits: ({ sid, claimed: { session } }) =>
          isSid(sid) && (denylist === undefined || tagOf(sid) === tagOfSubject(session.subject)),
        verified: createVerifiedTokens<VerifiedToken>(settings.maxRemembered),
      });
      const { verify } = createClaimsVerifier({
        read,
        denylist: client,
        events,
        now: () => clock.now(),
        acknowledge,
      });
      return {
        ...(revocation === 'store' ? {} : { verify }),
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
    logger.warn(
      {},
      'the denylist is in this process’s memory, and sessions are not: revoked tokens are good elsewhere. Share a denylist',
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
