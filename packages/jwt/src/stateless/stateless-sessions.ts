import {
  type CreateInput,
  isSessError,
  type PresentedTokens,
  type RefreshResult,
  type RegisteredData,
  type Session,
  UsageError,
} from '@sess/core';
import {
  assertSubject,
  checkData,
  createEvents,
  createSid,
  createSubjectTag,
  encodeBase64Url,
  hideTokens,
  isSid,
  parseBearer,
  tagOf,
} from '@sess/core/engine';
import { assertKnown } from '@sess/core/options';
import { createClaimsVerifier } from '../denylist/claims-verifier.js';
import { createDenylistClient } from '../denylist/denylist-client.js';
import { NotSupportedError } from '../errors.js';
import { createKeyRing } from '../keys/key-ring.js';
import { createReader, type VerifiedToken } from '../token/reader.js';
import { createVerifiedTokens } from '../token/verified-tokens.js';
import { createWriter } from '../token/writer.js';
import { createEnding } from './ending.js';
import { resolveStatelessOptions, type StatelessOptions } from './options.js';
import { exchangeToken, replaceToken } from './succession.js';
import { createTokenIssue } from './token-issue.js';
import type { StatelessSessions } from './types.js';

const KNOWN_INPUT: ReadonlySet<string> = new Set<keyof CreateInput>(['subject', 'data', 'device']);

/**
 * Sessions without a session store: everything is in a signed token, which is exchanged for a new one while it
 * lives. Only what has been revoked is kept, in a denylist.
 *
 * @throws UsageError `invalid_option`
 */
export function createStatelessSessions<Data extends object = RegisteredData>(
  options: StatelessOptions<Data>,
): StatelessSessions<Data> {
  const settings = resolveStatelessOptions(options);
  const { clock, random, logger, expected, ttl, leeway, grace } = settings;
  const events = createEvents(logger);
  const tagOfSubject = createSubjectTag(settings.subjectPepper);
  const ring = createKeyRing(settings.source, ttl + leeway + 1_000);
  const { issuer, audiences } = expected;
  const choose = ({ data }: Session<object>): object => data;
  const writer = createWriter({
    ring,
    issuer,
    audiences,
    choose,
    required: expected.required,
    optionName: 'the data',
  });
  const denylist =
    settings.denylist &&
    createDenylistClient({
      denylist: settings.denylist,
      onError: settings.onDenylistError,
      maxTtlMs: ttl + leeway,
      clock,
      random,
      events,
      logger,
    });

  /** By the session that was verified or issued: what it takes to replace its token. */
  const tokenOf = new WeakMap<object, VerifiedToken>();
  const remember = (token: VerifiedToken) => tokenOf.set(token.claimed.session, token);
  const read = createReader({
    ...settings,
    findKey: ring.find,
    version: ring.version,
    verified: createVerifiedTokens<VerifiedToken>(settings.maxRemembered),
    admits(token) {
      const { sid, claimed } = token;
      // A token whose session a store renews must not come to renew itself (RFC 8725, section 3.12).
      if (claimed.generation >= 0) return false;
      remember(token);
      return (
        denylist === undefined ||
        (isSid(sid) && tagOf(sid) === tagOfSubject(claimed.session.subject))
      );
    },
  });
  const { check, verify } = createClaimsVerifier({
    read,
    denylist,
    events,
    now: () => clock.now(),
  });
  const { issue, endOf } = createTokenIssue<Data>({ settings, writer, remember });

  const createJti = (): string => encodeBase64Url(random(16));

  const ending = createEnding({
    read,
    check,
    denylist,
    tagOfSubject,
    createJti,
    now: () => clock.now(),
    events,
    logger,
  });

  /** Ends the previous session of a sign-in, which also succeeds if that session can only expire. */
  async function endReplaced(presented: PresentedTokens): Promise<void> {
    try {
      await ending.end(presented);
    } catch (error) {
      if (!isSessError(error, 'not_revocable')) throw error;
    }
  }

  return Object.freeze({
    async create(input: CreateInput<Data>, options: { readonly replaces?: PresentedTokens } = {}) {
      assertKnown('create', input, KNOWN_INPUT);
      const { subject } = input;
      assertSubject(subject);
      const data = await checkData(settings.schema, input.data ?? {});
      const at = clock.now();
      const tag = tagOfSubject(subject);
      const sid = createSid(tag, random);
      const times = { createdAt: at, authenticatedAt: at, lastUsedAt: at };
      const session = { sid, subject, data, device: Object.freeze({}), ...times };
      writer.assertWritable({ ...session, expiresAt: at });
      const version = await denylist?.currentVersion(tag);
      const issued = await issue(session, { jti: createJti(), version, at });
      if (options.replaces !== undefined) await endReplaced(options.replaces);
      events.emit('created', { sid, subject });
      logger.info({ sid }, 'session created');
      return issued;
    },

    verify: async (accessToken: unknown) => verify<Data>(accessToken),
    authenticate: async (authorization: string | null | undefined) =>
      verify<Data>(parseBearer(authorization)),

    async refresh(accessToken: unknown): Promise<RefreshResult<Data>> {
      const at = clock.now();
      const reading = await read(accessToken, at);
      const reject = (reason: Exclude<RefreshResult<Data>, { ok: true }>['reason']) => {
        const sid = 'sid' in reading ? reading.sid : undefined;
        events.emit('rejected', {
          token: 'refresh',
          reason,
          ...(sid === undefined ? {} : { sid }),
        });
        return { ok: false as const, reason };
      };
      if (!reading.ok) return reject(reading.reason);
      const { session } = reading.claimed;
      // A token that would be over at once is none, and what it is exchanged for would be dead.
      const isBrief = (lastUsedAt: number) => endOf({ ...session, lastUsedAt }) - at < 1_000;
      if (isBrief(at)) return reject('expired');
      const wish = { jti: createJti(), at, grace };
      const successor =
        denylist === undefined
          ? { jti: wish.jti, issuedAt: at, version: undefined, isRepeated: false }
          : await exchangeToken(denylist, reading, wish);
      if (successor === undefined) return reject('revoked');
      const { jti, version, issuedAt, isRepeated: replayed } = successor;
      if (isBrief(issuedAt)) return reject('expired');
      const issued = await issue({ ...session, lastUsedAt: issuedAt }, { jti, version, at });
      events.emit('refreshed', { sid: session.sid, subject: session.subject, replayed });
      return hideTokens({ ok: true as const, ...issued });
    },

    async elevate(target: string | Session<Data>) {
      const token = typeof target === 'object' ? tokenOf.get(target) : undefined;
      if (token === undefined) {
        throw new UsageError(
          'invalid_argument',
          'elevate() of a stateless engine takes a session that it verified or issued itself: no other place has its claims.',
        );
      }
      const at = clock.now();
      const end = Math.min(token.expiresAt, endOf({ ...token.claimed.session, lastUsedAt: at }));
      if (at >= end) return undefined;
      const wish = { jti: createJti(), at };
      const successor =
        denylist === undefined
          ? { ...wish, version: undefined }
          : await replaceToken(denylist, token, wish);
      if (successor === undefined) return undefined;
      const session = { ...token.claimed.session, authenticatedAt: at, lastUsedAt: at };
      logger.info({ sid: token.sid }, 'session elevated');
      return issue(session, { ...successor, at });
    },

    ...ending,

    update: () => Promise.reject(new NotSupportedError('update')),
    updateAll: () => Promise.reject(new NotSupportedError('updateAll')),
    get: () => Promise.reject(new NotSupportedError('get')),
    list: () => Promise.reject(new NotSupportedError('list')),
    on: events.on,
    logger,
    kind: 'stateless' as const,
    ...(ring.signer(clock.now()).isSymmetric
      ? {}
      : { publicKeys: async () => ({ keys: ring.publicKeys(clock.now()) }) }),
    clock: Object.freeze({ now: () => clock.now() }),
    ready: async () => denylist?.ready(),
    close: async () => denylist?.close(),
  });
}
