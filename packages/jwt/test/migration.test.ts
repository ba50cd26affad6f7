import {
  configureSessions,
  createSessions,
  getSessions,
  memoryStore,
  messageFirst,
  parseBearer,
  type StandardSchema,
} from '@sess/core';
import { createFakeClock, createMemoryLogger, silentLogger } from '@sess/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { tagFor } from '../../../test/kit.js';
import { createStatelessSessions, memoryDenylist, secretKey } from '../src/index.js';
import { claimsOf, good, NAMES, SECRET } from './engines.js';

/*
 * Where each behaviour of the two services that people write by hand has its place. Names in the text are those of the
 * hand-written services; the code beside them is what to write instead.
 */

describe('coming from a service that keeps sessions in a store', () => {
  function arrange() {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const logger = createMemoryLogger();
    const sessions = createSessions<{ handle: string }>({
      store,
      clock,
      logger,
      accessTtl: 900,
      idleTtl: 7 * 86_400,
    });
    return { clock, store, logger, sessions };
  }

  it('createSession(userId, handle): tokens, and a session with times in epoch milliseconds', async () => {
    const { sessions, clock } = arrange();
    const { session, accessToken, accessTokenExpiresAt } = await sessions.create({
      subject: 'user-1',
      data: { handle: 'ada' },
    });
    expect(accessToken).toMatch(/^sat_/);
    expect(accessTokenExpiresAt).toBe(clock.now() + 900_000);
    expect(session).toMatchObject({
      subject: 'user-1',
      data: { handle: 'ada' },
      createdAt: clock.now(),
      lastUsedAt: clock.now(),
      expiresAt: clock.now() + 7 * 86_400_000,
    });
  });

  it('validateAccessToken(token): the session, or a reason', async () => {
    const { sessions, clock } = arrange();
    const { session, accessToken } = await sessions.create({
      subject: 'user-1',
      data: { handle: 'ada' },
    });
    expect(await sessions.verify(accessToken)).toEqual({ ok: true, session });
    expect(await sessions.verify('nonsense')).toEqual({ ok: false, reason: 'malformed' });
    clock.advance('15m');
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('refreshSession(sid): a new access token and seven more days for the holder of the refresh token', async () => {
    const { sessions, clock } = arrange();
    const issued = await sessions.create({ subject: 'user-1', data: { handle: 'ada' } });
    clock.advance('6d');
    const next = good(await sessions.refresh(issued.refreshToken));
    expect(next.accessToken).not.toBe(issued.accessToken);
    expect(next.session.sid).toBe(issued.session.sid);
    expect(next.session.expiresAt).toBe(clock.now() + 7 * 86_400_000);
    // The id alone is public, and refreshes nothing.
    expect(await sessions.refresh(issued.session.sid)).toEqual({ ok: false, reason: 'malformed' });
    clock.advance('7d');
    expect(await sessions.refresh(next.refreshToken)).toMatchObject({ ok: false });
  });

  it('deleteSession(sid), and deleteAllSessionsForUser(id), which counts', async () => {
    const { sessions } = arrange();
    const create = () => sessions.create({ subject: 'user-1', data: { handle: 'ada' } });
    const [one, two, three] = [await create(), await create(), await create()];
    expect(await sessions.revoke(one.session.sid)).toBe(true);
    expect(await sessions.revoke(one.session.sid)).toBe(false);
    expect(await sessions.revokeAll('user-1')).toBe(2);
    expect(await sessions.revokeAll('user-1')).toBe(0);
    for (const { accessToken, refreshToken } of [one, two, three]) {
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
      expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    }
  });

  it('stores hashes of tokens, and no token', async () => {
    const { sessions, store } = arrange();
    const issued = await sessions.create({ subject: 'user-1', data: { handle: 'ada' } });
    await sessions.refresh(issued.refreshToken);
    const kept = JSON.stringify(await store.list(tagFor('user-1')));
    for (const token of [issued.accessToken, issued.refreshToken])
      expect(kept).not.toContain(token.split('.').at(-1));
    expect(kept).toContain('"access":[{"digest":"');
  });

  it('logs in pino’s form, and never more than eight characters of a hash', async () => {
    const { sessions, store, logger } = arrange();
    const { session, refreshToken } = await sessions.create({
      subject: 'user-1',
      data: { handle: 'ada' },
    });
    const { record } = await store.load(session.sid);
    await sessions.refresh(`${refreshToken.slice(0, -2)}AA`);
    await sessions.revoke(session.sid);
    expect(logger.lines).toContainEqual({
      level: 'info',
      fields: { sid: session.sid },
      message: 'session created',
    });
    const hashes = [record?.auth.family, record?.auth.refresh, record?.auth.access[0]?.digest];
    const logged = JSON.stringify(logger.lines);
    for (const hash of hashes) expect(logged).not.toContain(hash?.slice(0, 9));
  });

  it('logs in the form (message, fields) as well', async () => {
    const lines: [string, Readonly<Record<string, unknown>> | undefined][] = [];
    const log = (message: string, fields?: Readonly<Record<string, unknown>>): void =>
      void lines.push([message, fields]);
    const sessions = createSessions({
      logger: messageFirst({ debug: log, info: log, warn: log, error: log }),
    });
    const { session } = await sessions.create({ subject: 'user-1' });
    expect(lines).toContainEqual(['session created', { sid: session.sid }]);
  });
});

interface SessionData {
  readonly userId: string;
  readonly email: string;
  readonly role: string;
  readonly companyId?: string;
  readonly permissions: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

const sessionData: StandardSchema<SessionData> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { userId, email, role, permissions, metadata } = value as Partial<SessionData>;
      const isGood =
        typeof userId === 'string' &&
        typeof email === 'string' &&
        typeof role === 'string' &&
        Array.isArray(permissions) &&
        typeof metadata === 'object';
      return isGood
        ? { value: value as SessionData }
        : { issues: [{ message: 'is no session data' }] };
    },
  },
};

const DATA: SessionData = {
  userId: 'user-1',
  email: 'ada@example.com',
  role: 'admin',
  companyId: 'company-1',
  permissions: ['read', 'write'],
  metadata: { plan: 'pro', seats: { used: 3 } },
};

describe('coming from a service that keeps sessions in tokens', () => {
  function arrange(keys = secretKey(SECRET)) {
    const clock = createFakeClock();
    const denylist = memoryDenylist({ clock });
    const sessions = createStatelessSessions({
      keys,
      ...NAMES,
      ttl: '1h',
      data: sessionData,
      requiredClaims: ['userId', 'email', 'role'],
      denylist,
      clock,
      logger: silentLogger,
    });
    const create = () => sessions.create({ subject: DATA.userId, data: DATA });
    return { clock, sessions, denylist, create };
  }

  it('createSession(data) -> token: an hour, with createdAt and expiresAt, issuer and audience', async () => {
    const { create, clock } = arrange();
    const { accessToken, session } = await create();
    expect(session).toMatchObject({
      data: DATA,
      createdAt: clock.now(),
      expiresAt: clock.now() + 3_600_000,
    });
    expect(claimsOf(accessToken)).toMatchObject({
      ...DATA,
      iss: NAMES.issuer,
      aud: NAMES.audience,
      exp: clock.now() / 1_000 + 3_600,
    });
  });

  it.each(['HS256', 'HS384', 'HS512'] as const)('signs with %s', async (alg) => {
    const { create, sessions } = arrange(secretKey('s'.repeat(64), { alg }));
    const { accessToken } = await create();
    const [header = ''] = accessToken.split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
  });

  it('verifySession(token) -> data | null: `ok` shows which, and the data is complete', async () => {
    const { create, sessions } = arrange();
    const { accessToken } = await create();
    const verifySession = async (token: unknown): Promise<SessionData | null> => {
      const result = await sessions.verify(token);
      return result.ok ? result.session.data : null;
    };
    expect(await verifySession(accessToken)).toEqual(DATA);
    expect(await verifySession(`${accessToken}x`)).toBeNull();
    const { companyId: _company, ...without } = DATA;
    const other = await sessions.create({ subject: 'user-1', data: without });
    expect(await verifySession(other.accessToken)).toEqual(without);
  });

  it('verifySession(token): null for a token without the required claims', async () => {
    const { sessions } = arrange();
    const lax = createStatelessSessions({ keys: SECRET, ...NAMES, logger: silentLogger });
    const { accessToken } = await lax.create({ subject: 'user-1', data: { email: 'a@b.c' } });
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('refreshSession(token) -> token | null: with the same data, and the old token is dead', async () => {
    const { create, sessions, clock } = arrange();
    const refreshSession = async (token: unknown): Promise<string | null> => {
      const result = await sessions.refresh(token);
      return result.ok ? result.accessToken : null;
    };
    const { accessToken } = await create();
    clock.advance('50m');
    const next = await refreshSession(accessToken);
    expect(await sessions.verify(next)).toMatchObject({ ok: true, session: { data: DATA } });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: false });
    expect(await refreshSession('nonsense')).toBeNull();
    clock.advance('1h');
    expect(await refreshSession(next)).toBeNull();
  });

  it('revokeSession(token): one token, its session, or all of a user', async () => {
    const { create, sessions } = arrange();
    const [one, two, three] = [await create(), await create(), await create()];
    expect(await sessions.revokeToken(one.accessToken)).toBe(true);
    expect(await sessions.end({ accessToken: two.accessToken })).toBe(true);
    expect(await sessions.verify(three.accessToken)).toMatchObject({ ok: true });
    await sessions.revokeAll(DATA.userId);
    for (const { accessToken } of [one, two, three])
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('extractSessionFromHeader(header) and getSessionFromRequest(header), the scheme in any case', async () => {
    const { create, sessions } = arrange();
    const { accessToken } = await create();
    for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
      expect(parseBearer(`${scheme} ${accessToken}`)).toBe(accessToken);
      expect(await sessions.authenticate(`${scheme} ${accessToken}`)).toMatchObject({
        ok: true,
        session: { data: DATA },
      });
    }
    for (const header of [undefined, null, '', accessToken, `Basic ${accessToken}`, 'Bearer']) {
      expect(parseBearer(header)).toBeUndefined();
      expect(await sessions.authenticate(header)).toEqual({ ok: false, reason: 'malformed' });
    }
  });

  it('blocklist add(token, expiresAt) and has(token): by revokeToken and verify; cleanup is automatic', async () => {
    const { create, sessions, denylist, clock } = arrange();
    const { accessToken, session } = await create();
    const { jti, sv } = claimsOf(accessToken);
    const token = { sid: session.sid, jti: String(jti), version: Number(sv) };
    expect(await denylist.isDenied(token, clock.now())).toBe(false);
    await sessions.revokeToken(accessToken);
    expect(await denylist.isDenied(token, clock.now())).toBe(true);
    // When no token can be alive that it denies, it is forgotten, and whoever comes later is refused by its version.
    clock.advance('2h');
    await create();
    expect(await denylist.isDenied(token, clock.now())).toBe(true);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });
});

describe('initializeSessionManager(secret) and getSessionManager()', () => {
  afterEach(() => void configureSessions({ logger: silentLogger }));

  it('are configureSessions and getSessions, of either kind of engine', async () => {
    const stateless = createStatelessSessions({ keys: SECRET, ...NAMES, logger: silentLogger });
    expect(configureSessions(stateless)).toBe(stateless);
    const { accessToken } = await getSessions().create({ subject: 'user-1' });
    expect(await stateless.verify(accessToken)).toMatchObject({ ok: true });
    expect(getSessions().kind).toBe('stateless');
    const stateful = configureSessions({ logger: silentLogger });
    expect(getSessions()).toBe(stateful);
    expect(getSessions().kind).toBe('stored');
  });

  it('take an engine whose data is typed by a schema', async () => {
    const typed = createStatelessSessions({
      keys: SECRET,
      ...NAMES,
      data: sessionData,
      logger: silentLogger,
    });
    configureSessions(typed);
    const { accessToken } = await typed.create({ subject: 'user-1', data: DATA });
    expect(await getSessions().verify(accessToken)).toMatchObject({ session: { data: DATA } });
  });
});
