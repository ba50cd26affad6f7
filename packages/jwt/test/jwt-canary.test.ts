import { inspect } from 'node:util';
import { isSessError } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { secretKey } from '../src/index.js';
import { arrangeJwt, arrangeStateless, good, settle } from './engines.js';

const CANARY = 'a secret bird of which no log shall ever sing';

/** Parts of tokens and secrets that nobody but their holder may see. */
function partsOf(token: string): string[] {
  return token
    .split('.')
    .slice(1)
    .map((part) => part.slice(-24));
}

async function failing(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    // What the library says; the cause is what the application's own denylist threw.
    return isSessError(error) ? [error.message, error.name, error.code] : error;
  }
}

const HOSTILE = [
  undefined,
  null,
  7,
  {},
  [],
  '',
  'a',
  'a.b',
  'a.b.c',
  'a.b.c.d.e',
  'x'.repeat(9_000),
];

describe('nothing secret is shown [logs.lines, logs.published, logs.shown]', () => {
  it('by an engine with signed access tokens', async () => {
    for (const revocation of ['none', 'store', 'denylist'] as const) {
      const keys = secretKey(CANARY);
      const { sessions, events, logger, watched, faulty } = arrangeJwt({
        tokens: { revocation, keys },
        engine: { grace: '0s' },
      });
      const said: unknown[] = [sessions, keys];
      const first = await sessions.create({ subject: 'ada' });
      const second = good(await sessions.refresh(first.refreshToken));
      said.push(first, second, await sessions.verify(second.accessToken));
      await settle();
      said.push(await sessions.refresh(first.refreshToken), await sessions.verify('a.b.c'));
      const third = await sessions.create({ subject: 'ada' });
      const elevated = await sessions.elevate(third.session.sid);
      said.push(elevated, await sessions.verify(third.accessToken));
      watched.fail();
      faulty.fail();
      for (const call of [
        async () => sessions.verify(third.accessToken),
        () => sessions.refresh(third.refreshToken),
        () => sessions.revoke(third.session.sid),
        () => sessions.end(third),
        () => sessions.create({ subject: 'ada' }),
      ])
        said.push(await failing(call));
      const shown = inspect([said, events, logger.lines], { depth: 12, maxArrayLength: null });
      const secrets = [first, second, third, elevated].flatMap((issued) =>
        issued === undefined
          ? []
          : [...partsOf(issued.accessToken), ...partsOf(issued.refreshToken)],
      );
      expect(secrets.length).toBeGreaterThan(12);
      for (const secret of [...secrets, 'bird']) expect(shown).not.toContain(secret);
    }
  });

  it('by a stateless engine', async () => {
    const keys = secretKey(CANARY);
    const { sessions, events, logger, watched } = arrangeStateless({ keys });
    const said: unknown[] = [sessions, keys];
    const first = await sessions.create({ subject: 'ada' });
    const second = good(await sessions.refresh(first.accessToken));
    const result = await sessions.verify(second.accessToken);
    const third = await sessions.elevate(good(result).session);
    said.push(first, second, third, result, await sessions.refresh(first.accessToken));
    said.push(await sessions.revokeToken(second.accessToken));
    said.push(await failing(() => sessions.elevate(second.accessToken)));
    said.push(await failing(() => sessions.end({ token: second.accessToken } as never)));
    watched.fail();
    for (const call of [
      async () => sessions.verify(third?.accessToken),
      () => sessions.refresh(third?.accessToken),
      () => sessions.end({ accessToken: third?.accessToken }),
      () => sessions.create({ subject: 'ada' }),
    ])
      said.push(await failing(call));
    const shown = inspect([said, events, logger.lines], { depth: 12, maxArrayLength: null });
    for (const issued of [first, second, third])
      for (const secret of partsOf(issued?.accessToken ?? '')) expect(shown).not.toContain(secret);
    expect(shown).not.toContain('bird');
  });
});

describe('hostile tokens are a result, and cause no call', () => {
  it('of an engine with signed access tokens', async () => {
    const { sessions, watched, faulty } = arrangeJwt();
    for (const token of HOSTILE) {
      expect(await sessions.verify(token)).toEqual({ ok: false, reason: 'malformed' });
      expect(await sessions.refresh(token)).toEqual({ ok: false, reason: 'malformed' });
      expect(await sessions.end({ accessToken: token, refreshToken: token })).toBe(false);
    }
    expect(watched.calls).toEqual([]);
    expect(faulty.calls.size).toBe(0);
  });

  it('of a stateless engine, an opaque token of another engine among them', async () => {
    const { sessions, watched } = arrangeStateless();
    const opaque = `sat_${'A'.repeat(32)}.${'A'.repeat(43)}`;
    for (const token of [...HOSTILE, opaque]) {
      expect(await sessions.verify(token)).toEqual({ ok: false, reason: 'malformed' });
      expect(await sessions.refresh(token)).toEqual({ ok: false, reason: 'malformed' });
      expect(await sessions.end({ accessToken: token, refreshToken: token })).toBe(false);
      expect(await sessions.revokeToken(token)).toBe(false);
    }
    expect(watched.calls).toEqual([]);
  });

  it('neither engine takes the other’s token for its own, nor an access token for a refresh token', async () => {
    const stateful = arrangeJwt();
    const stateless = arrangeStateless({ audience: 'another' });
    const first = await stateful.sessions.create({ subject: 'ada' });
    const second = await stateless.sessions.create({ subject: 'ada' });
    expect(await stateful.sessions.verify(second.accessToken)).toMatchObject({ reason: 'unknown' });
    expect(await stateless.sessions.refresh(first.accessToken)).toMatchObject({
      reason: 'unknown',
    });
    expect(await stateful.sessions.refresh(first.accessToken)).toMatchObject({
      reason: 'malformed',
    });
    expect(await stateful.sessions.verify(first.refreshToken)).toMatchObject({
      reason: 'malformed',
    });
  });
});

it('events report how stateless sessions begin and end [logs.events]', async () => {
  const { sessions, events } = arrangeStateless();
  const first = await sessions.create({ subject: 'ada' });
  const { sid } = first.session;
  const second = good(await sessions.refresh(first.accessToken));
  await sessions.refresh(first.accessToken);
  await sessions.verify(first.accessToken);
  await sessions.revokeToken(second.accessToken);
  await sessions.refresh(second.accessToken);
  await sessions.revoke(sid);
  await sessions.revokeAll('ada');
  expect(events).toEqual([
    ['created', { sid, subject: 'ada' }],
    ['refreshed', { sid, subject: 'ada', replayed: false }],
    ['refreshed', { sid, subject: 'ada', replayed: true }],
    ['rejected', { token: 'access', reason: 'revoked', sid }],
    ['revoked', { cause: 'revoke', sid, subject: 'ada' }],
    ['rejected', { token: 'refresh', reason: 'revoked', sid }],
    ['revoked', { cause: 'revoke', sid }],
    ['revoked', { cause: 'revoke-all', subject: 'ada', count: 1 }],
  ]);
});
