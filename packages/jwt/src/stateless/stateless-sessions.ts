import {
  type CreateInput,
  type Issued,
  isSessError,
  type PresentedTokens,
  parseBearer,
  type RefreshResult,
  type RegisteredData,
  type RejectionReason,
  type Session,
  StoreUnavailableError,
  UsageError,
} from '@sess/core';
import {
  assertKnown,
  assertSubject,
  checkData,
  createEvents,
  createSid,
  createSubjectTag,
  encodeBase64Url,
  hideTokens,
  isSid,
  tagOf,
} from '@sess/core/internal';

import { createClaimsVerifier } from '../denylist/claims-verifier.js';
import { createDenylistClient } from '../denylist/denylist-client.js';
import { NotSupportedError } from '../errors.js';
import { createKeyRing } from '../keys/key-set.js';
import { createReader, type VerifiedToken } from '../token/reader.js';
import { createWriter } from '../token/writer.js';
import { readStatelessOptions, type StatelessOptions, type StatelessSessions } from './options.js';
import { createRevocation } from './revocation.js';
import { createTokenIssuer, exchangeToken, replaceToken, type Unbounded } from './tokens.js';

export type { StatelessOptions, StatelessSessions } from './options.js';

/** Sign-ins that are repeated because a concurrent revoke-all denied their token. */
const MAX_ATTEMPTS = 4;

/**
 * Creates an engine without a session store. A session is in its signed token, which is exchanged for a new one while
 * it lives. Only revocations are kept, in a denylist.
 *
 * @throws {UsageError} invalid_option
 */
export function createStatelessSessions<Data extends object = RegisteredData>(
  options: StatelessOptions<Data>,
): StatelessSessions<Data> {
  const settings = readStatelessOptions(options);
  const { clock, random, logger, expected, ttl, leeway, grace, onRefresh } = settings;
  const now = () => clock.now();
  const events = createEvents(logger);
  const tagOfSubject = createSubjectTag(settings.subjectPepper);
  const ring = createKeyRing(settings.keys, ttl + leeway + 1_000);
  const { issuer, audiences, required } = expected;
  const choose = ({ data }: Session<object>): object => data;
  const source = 'the session data';
  const writer = createWriter({ ring, issuer, audiences, choose, required, source });
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

  /** The token of each session that was verified or issued: what `elevate` replaces. */
  const tokenOf = new WeakMap<object, VerifiedToken>();
  const remember = (token: VerifiedToken) => tokenOf.set(token.claimed.session, token);
  const read = createReader({
    expected,
    leeway,
    logger,
    findKey: ring.find,
    version: ring.version,
    findForeignClaim(token) {
      const { sid, claimed } = token;
      // A token whose session a store renews must not renew itself (RFC 8725, section 3.12).
      if (claimed.generation >= 0) return 'gen';
      remember(token);
      const isOwn =
        denylist === undefined ||
        (isSid(sid) && tagOf(sid) === tagOfSubject(claimed.session.subject));
      return isOwn ? undefined : 'sid';
    },
  });
  const { check, verify } = createClaimsVerifier({ read, denylist, events, now });
  const { issue, endOf } = createTokenIssuer<Data>({ settings, writer, remember });

  const createJti = (): string => encodeBase64Url(random(16));

  /** Issues the token of a sign-in. A revoke-all that denies it before it is returned makes it start again. */
  async function issueFirst(session: Unbounded, tag: string, at: number): Promise<Issued<Data>> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const jti = createJti();
      const version = await denylist?.currentVersion(tag);
      const issued = await issue(session, { jti, version, at });
      if (denylist === undefined || version === undefined) return issued;
      const token = { sid: session.sid, jti, version };
      if (denylist.isKnownValid(token, at) || !(await denylist.isDenied(token, at))) return issued;
    }
    throw new StoreUnavailableError('A revoke-all was faster at every attempt. Try again.');
  }

  /** Returns the session with the data for its next token, `undefined` if the application refuses the refresh. */
  async function prepareRefresh(session: Session<object>): Promise<Session<object> | undefined> {
    if (onRefresh === undefined) return session;
    try {
      const decision = await onRefresh(session);
      if (decision === false) return undefined;
      if (decision === undefined) return session;
      return { ...session, data: await checkData(settings.data, decision) };
    } catch (cause) {
      logger.error({ sid: session.sid, error: cause }, 'onRefresh failed');
      throw new StoreUnavailableError('onRefresh failed. See the cause.', { cause });
    }
  }

  /** Reports that a token of an existing session cannot be issued. The request is not at fault. */
  function toIssueError(sid: string, cause: unknown): StoreUnavailableError {
    logger.error({ sid, error: cause }, 'the access token could not be issued');
    events.emit('store-error', { operation: 'issue', error: cause });
    return new StoreUnavailableError('The access token could not be issued. See the cause.', {
      cause,
    });
  }

  /** Throws before the previous token is replaced, which cannot be undone. */
  function assertIssuable(session: Session<object>): void {
    try {
      writer.assertWritable(session);
    } catch (cause) {
      throw toIssueError(session.sid, cause);
    }
  }

  /** Issues the next token of a session. */
  async function issueNext(...next: Parameters<typeof issue>): Promise<Issued<Data>> {
    try {
      return await issue(...next);
    } catch (cause) {
      throw toIssueError(next[0].sid, cause);
    }
  }

  function rejectRefresh(reason: RejectionReason, sid?: string): RefreshResult<Data> {
    events.emit('rejected', { token: 'refresh', reason, ...(sid === undefined ? {} : { sid }) });
    return { ok: false, reason };
  }

  const revocation = createRevocation({
    read,
    check,
    denylist,
    tagOfSubject,
    createJti,
    now,
    events,
    logger,
  });

  /** Ends the previous session of a sign-in, which also succeeds if that session can only expire. */
  async function endReplaced(presented: PresentedTokens): Promise<void> {
    try {
      await revocation.end(presented);
    } catch (error) {
      if (!isSessError(error, 'not_revocable')) throw error;
    }
  }

  return Object.freeze({
    async create(input: CreateInput<Data>, options: { readonly replaces?: PresentedTokens } = {}) {
      assertKnown('create', input, ['subject', 'data', 'device'] satisfies (keyof CreateInput)[]);
      const { subject } = input;
      assertSubject(subject);
      const data = await checkData(settings.data, input.data ?? {});
      const at = now();
      const tag = tagOfSubject(subject);
      const sid = createSid(tag, random);
      const times = { createdAt: at, authenticatedAt: at, lastUsedAt: at };
      const session = { sid, subject, data, device: Object.freeze({}), ...times };
      writer.assertWritable({ ...session, expiresAt: at });
      const issued = await issueFirst(session, tag, at);
      if (options.replaces !== undefined) await endReplaced(options.replaces);
      events.emit('created', { sid, subject });
      logger.info({ sid }, 'session created');
      return issued;
    },

    verify: async (accessToken: unknown) => verify<Data>(accessToken),
    authenticate: async (authorization: string | null | undefined) =>
      verify<Data>(parseBearer(authorization)),

    async refresh(accessToken: unknown): Promise<RefreshResult<Data>> {
      const at = now();
      const reading = await read(accessToken, at);
      if (!reading.ok) return rejectRefresh(reading.reason, reading.sid);
      const { sid, claimed } = reading;
      // A token with less than a second to live has expired before a client can use it.
      const isBrief = (lastUsedAt: number) =>
        endOf({ ...claimed.session, lastUsedAt }) - at < 1_000;
      if (isBrief(at)) return rejectRefresh('expired', sid);
      const session = await prepareRefresh(claimed.session);
      if (session === undefined) {
        if (denylist !== undefined) await revocation.revoke(sid);
        return rejectRefresh('revoked', sid);
      }
      assertIssuable(session);
      const jti = createJti();
      const successor =
        denylist === undefined
          ? { jti, issuedAt: at, version: undefined, isRepeated: false }
          : await exchangeToken(denylist, reading, { jti, at, grace });
      if (successor === undefined) return rejectRefresh('revoked', sid);
      const { version, issuedAt, isRepeated: replayed } = successor;
      if (isBrief(issuedAt)) return rejectRefresh('expired', sid);
      const mark = { jti: successor.jti, version, at };
      const issued = await issueNext({ ...session, lastUsedAt: issuedAt }, mark);
      events.emit('refreshed', { sid, subject: session.subject, replayed });
      return hideTokens({ ok: true as const, ...issued });
    },

    async elevate(target: string | Session<Data>) {
      const token = typeof target === 'object' ? tokenOf.get(target) : undefined;
      if (token === undefined) {
        throw new UsageError(
          'invalid_argument',
          'elevate: expected a session that this stateless engine verified or issued, got another value. Only such a session has its claims.',
        );
      }
      const at = now();
      const end = Math.min(token.expiresAt, endOf({ ...token.claimed.session, lastUsedAt: at }));
      if (at >= end) return undefined;
      assertIssuable(token.claimed.session);
      const wish = { jti: createJti(), at };
      const successor =
        denylist === undefined
          ? { ...wish, version: undefined }
          : await replaceToken(denylist, token, wish);
      if (successor === undefined) return undefined;
      const session = { ...token.claimed.session, authenticatedAt: at, lastUsedAt: at };
      logger.info({ sid: token.sid }, 'session elevated');
      return issueNext(session, { ...successor, at });
    },

    ...revocation,

    createGuest: () => Promise.reject(new NotSupportedError('createGuest')),
    updateGuest: () => Promise.reject(new NotSupportedError('updateGuest')),
    put: () => Promise.reject(new NotSupportedError('put')),
    take: () => Promise.reject(new NotSupportedError('take')),
    present: () => Promise.reject(new NotSupportedError('present')),
    update: () => Promise.reject(new NotSupportedError('update')),
    updateAll: () => Promise.reject(new NotSupportedError('updateAll')),
    get: () => Promise.reject(new NotSupportedError('get')),
    list: () => Promise.reject(new NotSupportedError('list')),
    expireAccess: () => Promise.reject(new NotSupportedError('expireAccess')),
    on: events.on,
    logger,
    kind: 'stateless' as const,
    ...(ring.signer(now()).isSymmetric
      ? {}
      : { publicKeys: async () => ({ keys: ring.publicKeys(now()) }) }),
    clock: Object.freeze({ now }),
    ready: async () => denylist?.ready(),
    close: async () => denylist?.close(),
  });
}
