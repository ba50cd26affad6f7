import { createFakeClock, createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { jwt } from '../src/index.js';
import { arrangeJwt, arrangeStateless, claimsOf, good, NAMES, SECRET } from './engines.js';

const UNAVAILABLE = { code: 'store_unavailable', status: 503 };

describe('a session whose token can no longer be issued after a deploy', () => {
  /** An engine of the next version, on the store of the first one. */
  const upgrade = (tokens: object, data: Record<string, unknown> = { handle: 'ada' }) => {
    const arranged = arrangeJwt();
    const newer = arranged.another({
      accessToken: jwt({
        keys: SECRET,
        ...NAMES,
        revocation: 'denylist',
        denylist: arranged.watched.denylist,
        ...tokens,
      }),
    });
    return { ...arranged, newer, create: () => arranged.sessions.create({ subject: 'ada', data }) };
  };

  it.each<[string, object]>([
    ['a claim that is required now', { requiredClaims: ['tenant'] }],
    ['claims that are too large', { claims: () => ({ text: 'x'.repeat(5_000) }) }],
    ['a claim with a reserved name', { claims: () => ({ exp: 1 }) }],
    ['claims that are not JSON', { claims: () => ({ at: 1n }) }],
    [
      'a function that throws',
      {
        claims: () => {
          throw new RangeError('no role');
        },
      },
    ],
  ])('is the fault of the server: %s', async (_what, tokens) => {
    const { newer, sessions, logger, create } = upgrade(tokens);
    const { session, refreshToken, accessToken } = await create();
    const faults: unknown[] = [];
    newer.on('store-error', (event) => void faults.push(event.operation));
    await expect(newer.refresh(refreshToken)).rejects.toMatchObject(UNAVAILABLE);
    await expect(newer.elevate(session.sid)).rejects.toMatchObject(UNAVAILABLE);
    expect(faults).toEqual(['issue', 'issue']);
    const errors = logger.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ message }) => message)).toEqual([
      'the access token could not be issued',
      'the access token could not be issued',
    ]);
    // Nothing has ended: the next version can issue again.
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
  });

  it.each<[string, object]>([
    ['returns no JSON', { claims: () => ({ at: 1n }) }],
    [
      'throws',
      {
        claims: () => {
          throw new RangeError('no role');
        },
      },
    ],
  ])('does not blame a sign-in either if the function claims %s', async (_what, tokens) => {
    const { sessions } = arrangeJwt({ tokens });
    await expect(sessions.create({ subject: 'ada' })).rejects.not.toHaveProperty('status', 400);
  });

  it('is the fault of the server without a store, too, and the previous token lives on', async () => {
    const { sessions, watched } = arrangeStateless();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    const clock = createFakeClock();
    const newer = arrangeStateless({
      requiredClaims: [],
      denylist: watched.denylist,
      clock,
      onRefresh: () => ({ text: 'x'.repeat(5_000) }),
    }).sessions;
    await expect(newer.refresh(accessToken)).rejects.toMatchObject(UNAVAILABLE);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true, session });
  });
});

describe('onRefresh of a stateless engine', () => {
  it('gives the next token new claims', async () => {
    const { sessions } = arrangeStateless({
      onRefresh: ({ data }) => ({ ...data, role: 'admin' }),
    });
    const { accessToken } = await sessions.create({ subject: 'ada', data: { role: 'user' } });
    const next = good(await sessions.refresh(accessToken));
    expect(claimsOf(next.accessToken)).toMatchObject({ role: 'admin' });
    expect(good(await sessions.refresh(accessToken)).accessToken).toBe(next.accessToken);
  });

  it('keeps the data if it returns nothing', async () => {
    const { sessions } = arrangeStateless({ onRefresh: () => undefined });
    const { accessToken } = await sessions.create({ subject: 'ada', data: { role: 'user' } });
    expect(good(await sessions.refresh(accessToken)).session.data).toEqual({ role: 'user' });
  });

  it('ends the session if it returns false', async () => {
    const { sessions } = arrangeStateless({ onRefresh: async () => false as const });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.refresh(accessToken)).toEqual({ ok: false, reason: 'revoked' });
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('costs the session nothing if it throws', async () => {
    const { sessions, logger } = arrangeStateless({
      onRefresh: () => Promise.reject(new Error('the database is down')),
    });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    await expect(sessions.refresh(accessToken)).rejects.toMatchObject(UNAVAILABLE);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(logger.lines.some(({ level }) => level === 'error')).toBe(true);
  });
});

describe('the log of a rejected token', () => {
  it.each<[string, object, object]>([
    ['iss', { issuer: 'https://other.example' }, {}],
    ['aud', { audience: 'other' }, {}],
    ['kid', { keys: 'another secret of thirty-two bytes' }, {}],
    ['tenant', {}, { requiredClaims: ['tenant'] }],
  ])('names the cause at debug level: %s', async (cause, issued, expected) => {
    const issuing = arrangeStateless(issued).sessions;
    const { accessToken } = await issuing.create({ subject: 'ada' });
    const logger = createMemoryLogger();
    const { sessions } = arrangeStateless({ ...expected, logger });
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(logger.lines).toEqual([
      { level: 'debug', fields: { cause }, message: 'access token rejected' },
    ]);
  });

  it('names the clock, the signature and the kind of engine', async () => {
    const { sessions, clock, logger } = arrangeStateless();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    const stateful = await arrangeJwt().sessions.create({ subject: 'ada' });
    const before = logger.lines.length;
    const tampered = accessToken.replace(/.{4}$/, (end) => (end === 'AAAA' ? 'BBBA' : 'AAAA'));
    await sessions.verify(tampered);
    await sessions.verify(stateful.accessToken);
    clock.advance('2h');
    await sessions.verify(accessToken);
    expect(logger.lines.slice(before).map(({ fields }) => fields)).toEqual([
      { cause: 'signature' },
      { cause: 'gen', sid: stateful.session.sid },
      { cause: 'exp', sid: session.sid },
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain(accessToken.slice(-20));
  });
});
