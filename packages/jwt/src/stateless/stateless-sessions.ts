import {
  type CarriedTokens,
  type CreateInput,
  type Issued,
  NotRevocableError,
  NotSupportedError,
  type RefreshResult,
  type RegisteredData,
  type Session,
  UsageError,
} from '@sess/core';
import {
  assertSubject,
  checkData,
  createDenylistPort,
  createEvents,
  createSid,
  createSubjectTag,
  type DenylistPort,
  encodeBase64Url,
  hideTokens,
  isSid,
  parseBearer,
  tagOf,
} from '@sess/core/engine';
import { assertKnown } from '@sess/core/options';
import { createKeyRing } from '../keys/key-ring.js';
import { createReader, type VerifiedToken } from '../token/reader.js';
import { createVerifiedTokens } from '../token/verified-tokens.js';
import { createWriter } from '../token/writer.js';
import { createTokenVerifier } from '../token-verifier.js';
import { resolveStatelessOptions, type StatelessOptions } from './options.js';
import { exchangeToken, replaceToken } from './succession.js';
import type { StatelessSessions } from './types.js';

const KNOWN_INPUT: ReadonlySet<string> = new Set<keyof CreateInput>(['subject', 'data', 'device']);
const KNOWN_EXCEPT: ReadonlySet<string> = new Set(['except']);
const KNOWN_TOKENS: ReadonlySet<string> = new Set<keyof CarriedTokens>([
  'accessToken',
  'refreshToken',
]);

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
    createDenylistPort({
      denylist: settings.denylist,
      onError: settings.onDenylistError,
      longestLife: ttl + leeway,
      clock,
      random,
      events,
      logger,
    });

  /** By the session that was verified or issued: what it takes to replace its token. */
  const tokenOf = new WeakMap<object, VerifiedToken>();
  const read = createReader({
    ...settings,
    findKey: ring.find,
    version: ring.version,
    verified: createVerifiedTokens<VerifiedToken>(settings.maxRemembered),
    admits(token) {
      const { sid, claimed } = token;
      // A token whose session a store renews must not come to renew itself (RFC 8725, section 3.12).
      if (claimed.generation >= 0) return false;
      tokenOf.set(claimed.session, token);
      return (
        denylist === undefined ||
        (isSid(sid) && tagOf(sid) === tagOfSubject(claimed.session.subject))
      );
    },
  });
  const { check, verify } = createTokenVerifier({ read, denylist, events, now: () => clock.now() });

  const createJti = (): string => encodeBase64Url(random(16));

  function revocable(): DenylistPort {
    if (denylist === undefined) throw new NotRevocableError();
    return denylist;
  }

  /** The session as its token will say it: `ttl` is kept, and nothing goes beyond the absolute end. */
  function inSeconds(session: Omit<Session<object>, 'expiresAt'>): Session<object> {
    const authenticatedAt = floor(session.authenticatedAt);
    return Object.freeze({
      ...session,
      createdAt: floor(session.createdAt),
      authenticatedAt,
      lastUsedAt: floor(session.lastUsedAt),
      expiresAt: Math.min(
        floor(session.lastUsedAt + ttl + 999),
        floor(authenticatedAt + settings.absoluteTtl),
      ),
    });
  }

  async function issue(
    session: Omit<Session<object>, 'expiresAt'>,
    made: { readonly jti: string; readonly version: number | undefined; readonly at: number },
  ): Promise<Issued<Data>> {
    const { jti, version } = made;
    const whole = inSeconds(session);
    const { sid, lastUsedAt: issuedAt, expiresAt } = whole;
    const content = {
      session: whole,
      jti,
      generation: undefined,
      version,
      issuedAt,
      expiresAt,
    };
    const accessToken = await writer.write(content, made.at);
    tokenOf.set(whole, {
      ok: true,
      sid,
      digest: jti,
      claimed: { session: whole, generation: -1, version: version ?? -1 },
      notBefore: issuedAt - leeway,
      expiresAt: expiresAt + leeway,
    });
    return hideTokens({
      session: whole as typeof whole & { readonly data: Readonly<Data> },
      accessToken,
      accessTokenExpiresAt: expiresAt,
      refreshToken: accessToken,
      issuedAt: made.at,
    });
  }

  /** Until the absolute end no token of the session is made any more. */
  const isPastEnd = (session: Session<object>, at: number): boolean =>
    at >= session.authenticatedAt + settings.absoluteTtl;

  async function denySession(sid: string, cause: 'revoke' | 'logout', subject?: string) {
    await revocable().deny(tagOf(sid), [{ kind: 'session', id: sid }]);
    events.emit('revoked', { cause, sid, ...(subject === undefined ? {} : { subject }) });
    logger.info({ sid, cause }, 'session revoked');
  }

  /**
   * Ends the session of a genuine token. One that was exchanged will do, and one that has run out since: a refresh may be
   * under way in another tab, and must not outlive the logout.
   */
  async function endBy(given: unknown): Promise<boolean> {
    const at = clock.now();
    const reading = await read(given, at);
    const token = reading.ok ? reading : reading.expired;
    if (token === undefined) return false;
    // Without a denylist nothing was exchanged either: what has run out is over.
    if (!reading.ok && denylist === undefined) return false;
    const replaced = await replaceToken(revocable(), token, { jti: createJti(), at });
    if (replaced === undefined || (!reading.ok && !replaced.isRepeated)) return false;
    await denySession(token.sid, 'logout', token.claimed.session.subject);
    return true;
  }

  return Object.freeze({
    async create(input: CreateInput<Data>, before?: () => Promise<void>) {
      assertKnown('create', input, KNOWN_INPUT);
      const { subject } = input;
      assertSubject(subject);
      const data = await checkData(settings.schema, input.data ?? {});
      const at = clock.now();
      const tag = tagOfSubject(subject);
      const sid = createSid(tag, random);
      const times = { createdAt: at, authenticatedAt: at, lastUsedAt: at };
      const session = { sid, subject, data, device: Object.freeze({}), ...times };
      // Claims that no token can carry are refused before what is replaced has been ended.
      writer.assertWritable({ ...session, expiresAt: at });
      await before?.();
      const version = await denylist?.enroll(tag);
      const issued = await issue(session, { jti: createJti(), version, at });
      events.emit('created', { sid, subject });
      logger.info({ sid }, 'session created');
      return issued;
    },

    verify: (accessToken: unknown) => verify<Data>(accessToken),
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
      if (isPastEnd(session, at)) return reject('expired');
      const wish = { jti: createJti(), at, grace };
      const successor =
        denylist === undefined
          ? { jti: wish.jti, issuedAt: at, version: undefined, isRepeated: false }
          : await exchangeToken(denylist, reading, wish);
      if (successor === undefined) return reject('revoked');
      const { jti, version, issuedAt, isRepeated: replayed } = successor;
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
      if (at >= token.expiresAt || isPastEnd(token.claimed.session, at)) return undefined;
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

    async revoke(sid: string) {
      const isDeniable = isSid(sid);
      if (isDeniable) await denySession(sid, 'revoke');
      else revocable();
      return isDeniable;
    },

    async revokeAll(subject: string, given: { readonly except?: string } = {}) {
      assertSubject(subject);
      assertKnown('revokeAll', given, KNOWN_EXCEPT);
      await revocable().denyAll(tagOfSubject(subject), given.except);
      events.emit('revoked', { cause: 'revoke-all', subject, count: 1 });
      logger.info({}, 'sessions of a subject revoked');
      return 1;
    },

    async revokeToken(accessToken: unknown) {
      const { deny } = revocable();
      const checked = await check(accessToken, clock.now());
      if (!('claimed' in checked)) return false;
      const { sid, digest } = checked;
      await deny(tagOf(sid), [{ kind: 'token', id: digest }]);
      events.emit('revoked', { cause: 'revoke', sid, subject: checked.claimed.session.subject });
      return true;
    },

    async end(carried: CarriedTokens) {
      assertKnown('end', carried, KNOWN_TOKENS);
      let isEnded = false;
      for (const token of new Set([carried.accessToken, carried.refreshToken])) {
        if (token !== undefined && (await endBy(token))) isEnded = true;
      }
      return isEnded;
    },

    update: () => Promise.reject(new NotSupportedError('update')),
    get: () => Promise.reject(new NotSupportedError('get')),
    list: () => Promise.reject(new NotSupportedError('list')),
    on: events.on,
    traits: Object.freeze({ refreshedBy: 'access-token' as const, sessionFrom: 'token' as const }),
    ...(ring.signer(clock.now()).isSymmetric
      ? {}
      : { publicKeys: async () => ({ keys: ring.publicKeys(clock.now()) }) }),
    clock: Object.freeze({ now: () => clock.now() }),
    ready: async () => denylist?.ready(),
    close: async () => denylist?.close(),
  });
}

/** Down to whole seconds, as claims have it. */
function floor(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000) * 1_000;
}
