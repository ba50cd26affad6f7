import { createSessions, memoryStore, StoreUnavailableError } from '@sess/core';
import type { AccessTokenPort } from '@sess/core/internal';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';
import { checkDevice } from '../../src/session/create.js';
import { arrange, settle } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

const QUARTER_MS = 900_000;

describe('a sign-in that replaces sessions', () => {
  it('ends the session of another user, and reports that after the new one', async () => {
    const { sessions, events } = arrange();
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    events.length = 0;
    const { session: own } = await sessions.create(
      { subject: 'bob' },
      { replaces: { refreshToken } },
    );
    expect(await sessions.get(session.sid)).toBeUndefined();
    expect(events).toEqual([
      ['created', { sid: own.sid, subject: 'bob' }],
      ['revoked', { cause: 'logout', sid: session.sid, subject: 'ada' }],
    ]);
  });

  it('ends the session of the same user in the write of the new one', async () => {
    const { sessions, faulty, events } = arrange();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    events.length = 0;
    const { session: own } = await sessions.create(
      { subject: 'ada' },
      { replaces: { accessToken } },
    );
    expect((await sessions.list('ada')).map(({ sid }) => sid)).toEqual([own.sid]);
    expect(faulty.calls.get('remove')).toBeUndefined();
    expect(events).toEqual([
      ['created', { sid: own.sid, subject: 'ada' }],
      ['revoked', { cause: 'logout', sid: session.sid, subject: 'ada' }],
    ]);
  });

  it.each([
    ['of the same user', 'ada'],
    ['of another user', 'bob'],
  ])(
    'raises the alarm if the session %s ends by a spent token, as a sign-out does',
    async (_whose, subject) => {
      const { sessions, events, clock } = arrange({ grace: '10s', overlap: '10s' });
      const { refreshToken, session } = await sessions.create({ subject: 'ada' });
      const second = await sessions.refresh(refreshToken);
      if (!second.ok) throw new Error(second.reason);
      await sessions.verify(second.accessToken);
      await settle();
      clock.advance('1m');
      events.length = 0;
      const { session: own } = await sessions.create({ subject }, { replaces: { refreshToken } });
      const named = { sid: session.sid, subject: 'ada' };
      expect(events).toEqual([
        ['created', { sid: own.sid, subject }],
        ['reuse', named],
        ['revoked', { cause: 'reuse', ...named }],
      ]);
    },
  );

  it('ends the sessions of both tokens', async () => {
    const { sessions } = arrange();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const { accessToken } = await sessions.create({ subject: 'bob' });
    await sessions.create({ subject: 'eve' }, { replaces: { refreshToken, accessToken } });
    expect([await sessions.list('ada'), await sessions.list('bob')]).toEqual([[], []]);
  });

  it('reports no session that ended in between', async () => {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const store: SessionStore = {
      ...inner,
      remove: async () => ({ status: 'absent', now: clock.now() }),
    };
    const sessions = createSessions({ store, clock, logger: silentLogger });
    const revoked = vi.fn();
    sessions.on('revoked', revoked);
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await sessions.create({ subject: 'bob' }, { replaces: { refreshToken } });
    expect(revoked).not.toHaveBeenCalled();
    expect(await sessions.end({ refreshToken })).toBe(false);
  });

  it.each(['cart', ['cart', 1], [null], {}, null])(
    'is refused with %j as names of data to keep',
    async (keep) => {
      const { sessions } = arrange();
      const refused = sessions.create({ subject: 'ada' }, { keep: keep as never });
      await expect(refused).rejects.toMatchObject({
        name: 'UsageError',
        code: 'invalid_argument',
      });
    },
  );
});

describe('a sign-in that cannot be stored', () => {
  it('is refused before it ends what it replaces, for data that no token could carry', async () => {
    const { sessions } = arrange({ accessToken: createFakeTokens() });
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    const given = { subject: 'ada', data: { huge: true } };
    await expect(sessions.create(given, { replaces: { refreshToken } })).rejects.toMatchObject({
      code: 'invalid_data',
    });
    expect(await sessions.list('ada')).toEqual([session]);
  });

  it('names the method whose options are wrong', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const wrong = { other: 1 } as never;
    const refused = (method: string) =>
      expect.objectContaining({ message: expect.stringMatching(new RegExp(`^${method}: `)) });
    await expect(sessions.create({ subject: 'ada' }, wrong)).rejects.toEqual(refused('create'));
    await expect(sessions.elevate(session.sid, wrong)).rejects.toEqual(refused('elevate'));
    await expect(sessions.revoke(session.sid, wrong)).rejects.toEqual(refused('revoke'));
  });

  it('keeps the methods of a proof that names no class', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada', amr: ['pwd'] });
    expect(session.amr).toEqual(['pwd']);
    expect((await sessions.get(session.sid))?.amr).toEqual(['pwd']);
  });
});

describe('the time of a proof', () => {
  it('is less than 15 minutes ago', async () => {
    const { sessions, clock } = arrange();
    const provenAt = clock.now();
    clock.advance('899999ms');
    await sessions.create({ subject: 'ada', provenAt });
    clock.advance('1ms');
    await expect(sessions.create({ subject: 'ada', provenAt })).rejects.toMatchObject({
      code: 'proof_too_old',
    });
    expect(clock.now() - provenAt).toBe(QUARTER_MS);
  });

  it('is given to the store in whole milliseconds, and is absent there if it was not given', async () => {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const insert = vi.fn(inner.insert);
    const sessions = createSessions({ store: { ...inner, insert }, clock, logger: silentLogger });
    await sessions.create({ subject: 'ada', provenAt: clock.now() - 0.5 });
    expect(insert.mock.lastCall?.[2]).toMatchObject({ provenAt: clock.now() - 1 });
    await sessions.create({ subject: 'ada' });
    expect(insert.mock.lastCall?.[2]).not.toHaveProperty('provenAt');
    expect(insert.mock.lastCall?.[2]).not.toHaveProperty('replaces');
  });
});

describe('a sign-in beside a revoke-all', () => {
  /** An engine whose store has been revoked until 5 ms from now, for a number of inserts. */
  function revoking(count: number) {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const insert = vi.fn(
      async (...call: Parameters<typeof inner.insert>): ReturnType<typeof inner.insert> =>
        insert.mock.calls.length > count
          ? inner.insert(...call)
          : { status: 'revoked', revokedBefore: clock.now() + 5, now: clock.now() },
    );
    const sessions = createSessions({ store: { ...inner, insert }, clock, logger: silentLogger });
    return { clock, sessions, insert };
  }

  it('comes after it, with another session id', async () => {
    const { clock, sessions, insert } = revoking(3);
    const { session, issuedAt } = await sessions.create({ subject: 'ada' });
    expect([session.createdAt, issuedAt]).toEqual([clock.now() + 6, clock.now() + 6]);
    expect(new Set(insert.mock.calls.map(([record]) => record.sid)).size).toBe(4);
  });

  it('is given up after four attempts', async () => {
    const { sessions, insert } = revoking(9);
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
    expect(insert).toHaveBeenCalledTimes(4);
  });

  it('is refused if the user proved who they are before it', async () => {
    const at = (ahead: number) => {
      const { clock, sessions } = revoking(1);
      return sessions.create({ subject: 'ada', provenAt: clock.now() + ahead });
    };
    await expect(at(5)).rejects.toMatchObject({ code: 'proof_too_old' });
    await expect(at(6)).resolves.toBeDefined();
  });
});

describe('a sign-in whose token is dead from the start', () => {
  /** An engine whose tokens are dead for a number of sign-ins. */
  function dying(count: number, change: Partial<SessionStore> = {}) {
    const clock = createFakeClock();
    const store = { ...memoryStore({ clock }), ...change };
    const versions: (number | undefined)[] = [];
    const recheck: AccessTokenPort['recheck'] = async (_record, _at, version) => {
      versions.push(version);
      return { version: 8, isAccessDead: versions.length <= count };
    };
    const accessToken = createFakeTokens({ recheck, tokenVersion: async () => 7 });
    const sessions = createSessions({ store, clock, logger: silentLogger, accessToken });
    const events: string[] = [];
    for (const name of ['created', 'revoked'] as const)
      sessions.on(name, () => void events.push(name));
    return { sessions, versions, events };
  }

  it('is repeated, and leaves one session and one event', async () => {
    const { sessions, versions, events } = dying(1);
    const { session } = await sessions.create({ subject: 'ada' });
    expect((await sessions.list('ada')).map(({ sid }) => sid)).toEqual([session.sid]);
    expect(events).toEqual(['created']);
    expect(versions).toEqual([7, 7]);
  });

  it('is given up after four attempts, and leaves no session', async () => {
    const { sessions } = dying(9);
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(StoreUnavailableError);
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('is left as it is if its session has already ended', async () => {
    const remove: SessionStore['remove'] = async () => ({ status: 'absent', now: 0 });
    const { sessions, events } = dying(1, { remove });
    await sessions.create({ subject: 'ada' });
    expect(events).toEqual(['created']);
  });
});

describe('checkDevice', () => {
  it('checkDevice keeps the known fields that are text, well-formed and cut to size', () => {
    const device = {
      userAgent: 'x'.repeat(600),
      ip: `${'1'.repeat(63)}\ud83d\ude00`,
      label: 'y'.repeat(129),
      other: 'z',
    };
    expect(checkDevice(device)).toStrictEqual({
      userAgent: 'x'.repeat(512),
      ip: `${'1'.repeat(63)}\ufffd`,
      label: 'y'.repeat(128),
    });
    expect(checkDevice({ userAgent: '', ip: 7 as never, label: 'a' })).toStrictEqual({
      label: 'a',
    });
    expect(Object.isFrozen(checkDevice({}))).toBe(true);
    expect(checkDevice(undefined)).toStrictEqual({});
    expect(Object.isFrozen(checkDevice(undefined))).toBe(true);
  });

  it.each([null, 'phone', 7])('checkDevice refuses %j', (device) => {
    expect(() => checkDevice(device as never)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'invalid_argument' }),
    );
  });
});
