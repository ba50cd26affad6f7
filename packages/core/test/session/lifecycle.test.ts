import { inspect } from 'node:util';
import {
  createSessions,
  InvalidDataError,
  memoryStore,
  SessionLimitError,
  type StandardSchema,
  StoreUnavailableError,
} from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import { arrange, settle } from './arrange.js';

describe('create', () => {
  it('gives every session 128 random bits and more in id and tokens [tokens.random]', async () => {
    const { sessions } = arrange({ maxPerSubject: 1_000 });
    const issued = await Promise.all(
      Array.from({ length: 500 }, () => sessions.create({ subject: 'ada' })),
    );
    expect(new Set(issued.map(({ session }) => session.sid)).size).toBe(500);
    expect(new Set(issued.map(({ accessToken }) => accessToken.slice(37))).size).toBe(500);
    expect(new Set(issued.map(({ refreshToken }) => refreshToken.slice(60))).size).toBe(500);
    for (const { session, accessToken, refreshToken } of issued) {
      expect(session.sid.slice(0, 16)).toBe(tagFor('ada'));
      expect(accessToken).toMatch(/^sat_[\w-]{32}\.[\w-]{43}$/);
      expect(refreshToken).toMatch(/^srt_[\w-]{32}\.[\w-]{22}\.[\w-]{43}$/);
    }
  });

  it('keeps the tag of a subject to itself under a pepper', async () => {
    const { sessions } = arrange({ subjectPepper: 'a pepper of sixteen' });
    const { session } = await sessions.create({ subject: 'ada' });
    expect(session.sid.slice(0, 16)).not.toBe(tagFor('ada'));
    expect(await sessions.list('ada')).toEqual([session]);
  });

  it.each(['', 'x'.repeat(513), '\ud800', 'a\udfff', 7, undefined, null, {}])(
    'create rejects an invalid subject: %#',
    async (subject) => {
      const { sessions } = arrange();
      await expect(sessions.create({ subject: subject as string })).rejects.toThrow(TypeError);
      await expect(sessions.create({ subject: subject as string })).rejects.toMatchObject({
        code: 'invalid_subject',
      });
    },
  );

  it('lets no subject reach a key: braces, wild cards, NUL, dots, line ends [data.keys]', async () => {
    const { sessions } = arrange();
    for (const subject of [
      '{a}',
      '*',
      ':',
      '\0',
      '../x',
      'a\r\nb',
      ' ',
      '__proto__',
      '🜁',
      'x'.repeat(512),
    ]) {
      const { session } = await sessions.create({ subject });
      expect(session.sid).toMatch(/^[\w-]{32}$/);
      expect((await sessions.list(subject)).map((other) => other.subject)).toEqual([subject]);
    }
  });

  it('keeps what is known of a device, cut to size', async () => {
    const { sessions } = arrange();
    const device = { userAgent: 'x'.repeat(600), ip: '::1', label: 'phone', extra: 'dropped' };
    const { session } = await sessions.create({ subject: 'ada', device });
    expect(session.device).toEqual({ userAgent: 'x'.repeat(512), ip: '::1', label: 'phone' });
  });

  it('create evicts the oldest session above the limit, and emits an event [life.limit-evicts]', async () => {
    const { sessions, events, clock } = arrange({ maxPerSubject: 2 });
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('1ms');
    await sessions.create({ subject: 'ada' });
    await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: false });
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ ok: false });
    expect(events).toContainEqual([
      'revoked',
      { cause: 'evicted', sid: first.session.sid, subject: 'ada' },
    ]);
  });

  it('refuses beyond the limit where that was chosen [life.limit-refuses]', async () => {
    const { sessions } = arrange({ maxPerSubject: 1, onLimit: 'reject' });
    const first = await sessions.create({ subject: 'ada' });
    await expect(sessions.create({ subject: 'ada' })).rejects.toThrow(SessionLimitError);
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    await sessions.revoke(first.session.sid);
    await expect(sessions.create({ subject: 'ada' })).resolves.toBeDefined();
  });

  it('shows no token when its outcome is inspected [logs.shown]', async () => {
    const { sessions } = arrange();
    const issued = await sessions.create({ subject: 'ada' });
    const result = await sessions.refresh(issued.refreshToken);
    for (const shown of [inspect(issued), inspect(result, { depth: 9 }), inspect([issued])]) {
      expect(shown).not.toMatch(/s[ar]t_[\w-]/);
      expect(shown).toContain(issued.session.sid);
    }
    // It is the caller's to send, so JSON has it.
    expect(JSON.stringify(issued)).toContain(issued.accessToken);
  });
});

describe('session data', () => {
  const schema: StandardSchema<{ handle: string }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const { handle } = value as { handle?: unknown };
        return typeof handle === 'string'
          ? { value: { handle: handle.trim() } }
          : { issues: [{ message: 'must be text', path: ['handle'] }] };
      },
    },
  };

  it('is checked by the schema at every write, and is what the schema made of it', async () => {
    const { sessions } = arrange({ data: schema as never });
    const { session } = await sessions.create({ subject: 'ada', data: { handle: ' ada ' } });
    expect(session.data).toEqual({ handle: 'ada' });
    await expect(sessions.create({ subject: 'ada', data: {} })).rejects.toThrow(InvalidDataError);
    await expect(sessions.update(session.sid, { handle: 7 })).rejects.toMatchObject({
      code: 'invalid_data',
      issues: [{ path: 'handle', message: 'must be text' }],
    });
    expect((await sessions.get(session.sid))?.data).toEqual({ handle: 'ada' });
  });

  it('is frozen: it changes by update alone', async () => {
    const { sessions } = arrange();
    const mine = { list: [1] };
    const { session } = await sessions.create({ subject: 'ada', data: mine });
    mine.list.push(2);
    expect(session.data).toEqual({ list: [1] });
    expect(() => (session.data['list'] as number[]).push(3)).toThrow(TypeError);
  });

  it('merges a patch, removes what is undefined, and takes a function', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada', data: { a: 1, b: 2 } });
    expect((await sessions.update(session.sid, { b: undefined, c: 3 }))?.data).toEqual({
      a: 1,
      c: 3,
    });
    expect(
      (await sessions.update(session.sid, (data) => ({ n: Number(data['a']) + 1 })))?.data,
    ).toEqual({ n: 2 });
  });

  it.each([undefined, null, 'text', [['a', 1]], new Date(0)])(
    'session data is not changed by %j, which is no patch',
    async (patch) => {
      const { sessions } = arrange();
      const { session } = await sessions.create({ subject: 'ada' });
      const refused = { name: 'InvalidDataError', code: 'invalid_data' };
      await expect(sessions.update(session.sid, patch as never)).rejects.toMatchObject(refused);
      await expect(sessions.updateAll('ada', patch as never)).rejects.toMatchObject(refused);
    },
  );

  it('never sets a prototype [data.prototype]', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({
      subject: 'ada',
      data: JSON.parse('{"__proto__":{"admin":true}}'),
    });
    const updated = await sessions.update(
      session.sid,
      JSON.parse('{"__proto__":{"admin":true},"a":1}'),
    );
    expect(updated?.data).toEqual({ a: 1 });
    expect(updated?.data['admin']).toBeUndefined();
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it.each([
    ['1 MB', () => ({ text: 'x'.repeat(1_048_576) })],
    [
      '20,000 levels',
      () => JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`) as object,
    ],
    ['a BigInt', () => ({ n: 1n })],
    [
      'a cycle',
      () => {
        const cyclic: Record<string, unknown> = {};
        cyclic['self'] = cyclic;
        return cyclic;
      },
    ],
  ])(
    'refuses %s with a typed error, and writes nothing [data.size, data.depth, data.cycles, data.types]',
    async (_what, make) => {
      const { sessions, faulty } = arrange();
      await expect(sessions.create({ subject: 'ada', data: make() as never })).rejects.toThrow(
        InvalidDataError,
      );
      expect(faulty.calls.get('insert')).toBeUndefined();
      const { session } = await sessions.create({ subject: 'ada' });
      await expect(sessions.update(session.sid, make() as never)).rejects.toThrow(InvalidDataError);
      expect((await sessions.get(session.sid))?.data).toEqual({});
    },
  );

  it('cannot be written after a logout: the session stays dead [rotation.logout]', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    await sessions.revoke(session.sid);
    expect(await sessions.update(session.sid, { a: 1 })).toBeUndefined();
    expect(await sessions.elevate(session.sid)).toBeUndefined();
    expect(await sessions.get(session.sid)).toBeUndefined();
  });
});

describe('elevate', () => {
  it('elevate returns tokens of a new family, restarts both deadlines, and makes the old tokens unknown once a new one was presented [tokens.reauthenticated, life.reauthentication, rotation.reauthentication]', async () => {
    const { sessions, clock, names } = arrange({ idleTtl: '1d', absoluteTtl: '2d' });
    const first = await sessions.create({ subject: 'ada', data: { a: 1 } });
    const second = await sessions.refresh(first.refreshToken);
    clock.advance('20h');
    const elevated = await sessions.elevate(first.session.sid);
    expect(elevated?.session).toMatchObject({
      sid: first.session.sid,
      createdAt: first.session.createdAt,
      authenticatedAt: clock.now(),
      expiresAt: clock.now() + 86_400_000,
      data: { a: 1 },
    });
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
    await settle();
    for (const token of [first.refreshToken, second.ok ? second.refreshToken : '']) {
      expect(await sessions.refresh(token)).toEqual({ ok: false, reason: 'unknown' });
    }
    expect(await sessions.verify(first.accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.refresh(elevated?.refreshToken)).toMatchObject({ ok: true });
    expect(names()).not.toContain('reuse');
  });
});

describe('ending sessions', () => {
  it('revoke ends a session: its access and refresh tokens stop working [life.logout]', async () => {
    const { sessions, events } = arrange();
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.revoke(issued.session.sid)).toBe(true);
    expect(await sessions.revoke(issued.session.sid)).toBe(false);
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ reason: 'unknown' });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ reason: 'unknown' });
    expect(events.filter(([name]) => name === 'revoked')).toEqual([
      ['revoked', { cause: 'revoke', sid: issued.session.sid }],
    ]);
  });

  it('takes anything for an id, and asks the store only for what could be one', async () => {
    const { sessions, faulty } = arrange();
    for (const sid of ['', 'x', '../..', 'A'.repeat(31), `${'A'.repeat(31)}=`]) {
      expect(await sessions.revoke(sid)).toBe(false);
      expect(await sessions.get(sid)).toBeUndefined();
      expect(await sessions.update(sid, {})).toBeUndefined();
      expect(await sessions.elevate(sid)).toBeUndefined();
    }
    expect(faulty.calls.size).toBe(0);
  });

  it('revokes all of a subject, or all but one [life.everywhere, life.others]', async () => {
    const { sessions } = arrange();
    const [one, two] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'ada' }),
    ];
    const bob = await sessions.create({ subject: 'bob' });
    expect(await sessions.revokeAll('ada', { except: two.session.sid })).toBe(1);
    expect(await sessions.verify(one.accessToken)).toMatchObject({ ok: false });
    expect(await sessions.verify(two.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revokeAll('ada')).toBe(1);
    expect(await sessions.verify(bob.accessToken)).toMatchObject({ ok: true });
  });

  it('ends by a genuine token of either kind, also an earlier refresh token, and by nothing else', async () => {
    const { sessions, clock } = arrange();
    const access = await sessions.create({ subject: 'ada' });
    expect(await sessions.end({ accessToken: access.accessToken })).toBe(true);
    const refresh = await sessions.create({ subject: 'ada' });
    await sessions.refresh(refresh.refreshToken);
    expect(await sessions.end({ refreshToken: refresh.refreshToken })).toBe(true);
    const over = await sessions.create({ subject: 'ada' });
    clock.advance('15m');
    expect(await sessions.end({ accessToken: over.accessToken })).toBe(true);
    for (const token of [undefined, '', 'abc', access.accessToken]) {
      expect(await sessions.end({ accessToken: token, refreshToken: token })).toBe(false);
    }
    const live = await sessions.create({ subject: 'ada' });
    const swapped = { accessToken: live.refreshToken, refreshToken: live.accessToken };
    expect(await sessions.end(swapped)).toBe(false);
  });
});

describe('an access token that is not of the session', () => {
  it('ends nothing, although it has the form and the sid', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const forged = `sat_${session.sid}.${'x'.repeat(42)}A`;
    expect(await sessions.end({ accessToken: forged })).toBe(false);
    expect(await sessions.end({ accessToken: 'sat_malformed' })).toBe(false);
    expect(await sessions.get(session.sid)).toBeDefined();
  });
});

describe('what a program writes wrong', () => {
  it('a misspelt option of revokeAll, end or create rejects, so that no session is ended or spared by mistake', async () => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const misspelt = { expect: session.sid } as never;
    await expect(sessions.revokeAll('ada', misspelt)).rejects.toMatchObject({
      code: 'invalid_option',
    });
    await expect(sessions.revokeAll('ada', null as never)).rejects.toMatchObject({
      code: 'invalid_option',
    });
    // A token by itself would be looked into for tokens, find none, and be taken for a logout that worked.
    await expect(sessions.end('sat_' as never)).rejects.toMatchObject({ code: 'invalid_option' });
    await expect(sessions.create({ user: 'ada' } as never)).rejects.toMatchObject({
      code: 'invalid_option',
    });
    const device = 'phone' as never;
    await expect(sessions.create({ subject: 'ada', device })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    expect(await sessions.list('ada')).toHaveLength(1);
  });
});

describe('many writers of one session in one process', () => {
  it('take turns, and none is turned away', async () => {
    const { sessions, faulty } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => sessions.update(session.sid, { [`k${n}`]: n })),
    );
    expect(Object.keys((await sessions.get(session.sid))?.data ?? {})).toHaveLength(300);
    expect(faulty.calls.get('replaceData')).toBe(300);
    const elevated = await Promise.all(
      Array.from({ length: 50 }, () => sessions.elevate(session.sid)),
    );
    expect(elevated.every((issued) => issued !== undefined)).toBe(true);
  });
});

describe('a store that hangs', () => {
  it('is given up on a little after its own timeout [store.silence]', async () => {
    const store = {
      ...memoryStore(),
      timeout: 40,
      peek: () => undefined,
      load: () => new Promise<never>(() => {}),
    };
    const sessions = createSessions({ store, logger: silentLogger });
    const began = performance.now();
    await expect(sessions.get('A'.repeat(32))).rejects.toThrow(StoreUnavailableError);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('a failing store', () => {
  it('a failing store is named in every call, logged once a call, and never taken for a result [store.fault, store.failed-end, logs.errors]', async () => {
    const { sessions, faulty, events, logger } = arrange();
    const issued = await sessions.create({ subject: 'ada' });
    faulty.fail();
    events.length = 0;
    const { sid } = issued.session;
    const calls = [
      () => sessions.create({ subject: 'ada' }),
      () => sessions.verify(issued.accessToken),
      () => sessions.refresh(issued.refreshToken),
      () => sessions.update(sid, {}),
      () => sessions.elevate(sid),
      () => sessions.get(sid),
      () => sessions.list('ada'),
      () => sessions.revoke(sid),
      () => sessions.revokeAll('ada'),
      () => sessions.end({ refreshToken: issued.refreshToken }),
      () => sessions.ready(),
    ];
    for (const call of calls) {
      const error = await (async () => call())().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({
        code: 'store_unavailable',
        status: 503,
        cause: expect.any(Error),
      });
      expect(inspect(error)).not.toMatch(/s[ar]t_[\w-]/);
    }
    expect(events.filter(([name]) => name === 'store-error')).toHaveLength(calls.length);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(calls.length);
    faulty.heal();
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
  });

  it('that is always too late is unavailable, and was given one more chance', async () => {
    const { sessions, faulty, clock } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const { remove } = faulty.store;
    let calls = 0;
    Object.assign(faulty.store, {
      remove: (sid: string, write: { notAfter: number; operation: string }) => {
        calls += 1;
        clock.advance('2s');
        return remove(sid, write);
      },
    });
    await expect(sessions.revoke(session.sid)).rejects.toThrow(StoreUnavailableError);
    expect(calls).toBe(2);
    expect(await sessions.get(session.sid)).toBeDefined();
  });
});

describe('events and logs', () => {
  it('tell of sign-in, refresh, reuse, logout, revocation and refusal [logs.events]', async () => {
    const { sessions, clock, names } = arrange();
    const issued = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(issued.refreshToken);
    clock.advance('1m');
    if (second.ok) await sessions.refresh(second.refreshToken);
    await sessions.refresh(issued.refreshToken);
    await sessions.verify('abc');
    const other = await sessions.create({ subject: 'ada' });
    await sessions.end({ accessToken: other.accessToken });
    expect(names()).toEqual([
      'created',
      'refreshed',
      'refreshed',
      'reuse',
      'revoked',
      'rejected',
      'rejected',
      'created',
      'revoked',
    ]);
  });

  it('hold no token, secret or digest [logs.lines, logs.published]', async () => {
    const { sessions, clock, events, logger, faulty } = arrange();
    const issued = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(issued.refreshToken);
    if (!second.ok) throw new Error(second.reason);
    await sessions.verify(second.accessToken);
    await sessions.elevate(issued.session.sid);
    clock.advance('1m');
    await sessions.refresh(issued.refreshToken);
    await sessions.verify(`${second.accessToken}x`);
    faulty.fail();
    await Promise.resolve(sessions.verify(second.accessToken)).catch(() => {});
    const said = inspect([events, logger.lines], { depth: 9, maxArrayLength: null });
    const canaries = [issued, second].flatMap((tokens) => [
      tokens.accessToken.slice(37),
      tokens.refreshToken.slice(37),
    ]);
    for (const canary of canaries) expect(said).not.toContain(canary.slice(0, 16));
    expect(said).toContain(issued.session.sid);
  });
});
