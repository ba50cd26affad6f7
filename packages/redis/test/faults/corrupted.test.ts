import { type SessionLimitError, StoreUnavailableError } from '@sess/core';
import { type RedisServer, requireServer, sleep, startRedisServer } from '@sess/test-servers';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest';
import { accepted, createEngine, type Engine, placeOf, useRedis } from './arrange.js';

const UNKNOWN = { ok: false, reason: 'unknown' };

/** What a stored session is turned into: by another program, by hand, or with bad intent. */
const SPOILED: Readonly<Record<string, (value: string) => string>> = {
  'nothing at all': () => '',
  garbage: () => 'garbage\0\r\n{"ok":true}',
  'a header alone': (value) => value.slice(0, value.indexOf('[')),
  'a value cut in half': (value) => value.slice(0, value.length / 2),
  'a value without its last character': (value) => value.slice(0, -1),
  'an end beyond all numbers': (value) =>
    value.replace(/^(1:\d+:\d+:\d+):\d+/, `$1:${'9'.repeat(40)}`),
  'versions beyond all numbers': (value) => value.replace(/^1:\d+:\d+/, `1:${'9'.repeat(25)}:1`),
  'a length beyond the value': (value) => value.replace(/^((?:\d+:){6})\d+/, '$1999999'),
  'a length in the middle of things': (value) => value.replace(/^((?:\d+:){6})\d+/, '$17'),
  'JSON of another shape': (value) => value.replace(/\[.*$/s, '[]{}'),
  'infinite times': (value) =>
    value.replace(/(?<=:\[)\d+/, (digits) => '1e400'.padEnd(digits.length)),
  'a generation that no token can say': (value) =>
    value
      .replace(
        /^((?:\d+:){6})\d+:(\[\d+,\d+,\d+),0,/,
        (_, head, start) => `${head}LENGTH:${start},4294967295,`,
      )
      .replace(/LENGTH:(\[.*?\])\[/s, (_, auth) => `${auth.length}:${auth}[`),
  'data of 20,000 levels': (value) =>
    value.replace(/\{.*$/s, `${'['.repeat(20_000)}${']'.repeat(20_000)}]`),
};

describe('a stored session in a foreign form', () => {
  let server: RedisServer;
  let engine: Engine;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.command('FLUSHALL');
    engine = createEngine(useRedis(onTestFinished, server.url));
    await engine.sessions.ready();
  });

  async function spoil(sid: string, how: (value: string) => string): Promise<void> {
    const { key, field } = placeOf('ada', sid);
    const value = String(await server.command('HGET', key, field));
    const spoiled = how(value);
    expect(spoiled).not.toBe(value);
    await server.command('HSET', key, field, spoiled);
  }

  test.for(Object.entries(SPOILED))(
    '%s is absent, and does not affect other sessions',
    async ([, how]) => {
      const { sessions, heard, errors } = engine;
      const bad = await sessions.create({ subject: 'ada' });
      const good = await sessions.create({ subject: 'ada' });
      await spoil(bad.session.sid, how);
      const { sid } = bad.session;

      expect(await sessions.verify(bad.accessToken)).toEqual(UNKNOWN);
      expect(await sessions.refresh(bad.refreshToken)).toEqual(UNKNOWN);
      expect(await sessions.get(sid)).toBeUndefined();
      expect(await sessions.update(sid, { a: 1 })).toBeUndefined();
      expect(await sessions.elevate(sid)).toBeUndefined();
      // Said once, however often it is met: reads come by the thousand.
      expect(errors()).toBe(1);

      const third = await sessions.create({ subject: 'ada' });
      const next = accepted(await sessions.refresh(good.refreshToken));
      expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
      expect(await sessions.update(good.session.sid, { a: 1 })).toMatchObject({ data: { a: 1 } });
      expect((await sessions.list('ada')).map((session) => session.sid)).toEqual([
        good.session.sid,
        third.session.sid,
      ]);
      expect(await sessions.revoke(third.session.sid)).toBe(true);
      // The count is taken from the index, and may include the damaged one.
      expect([1, 2]).toContain(await sessions.revokeAll('ada', { except: sid }));
      expect(await sessions.list('ada')).toEqual([]);
      await sessions.create({ subject: 'ada' });
      await sessions.revokeAll('ada');
      expect(heard).not.toContain('reuse');
      expect(errors()).toBe(1);
    },
  );

  test.for(['evict-oldest', 'reject'] as const)(
    'holds no place under the limit, with %s',
    async (onLimit) => {
      const client = useRedis(onTestFinished, server.url);
      const { sessions } = createEngine(client, { engine: { maxPerSubject: 2, onLimit } });
      await sessions.ready();
      const bad = await sessions.create({ subject: 'ada' });
      // Of sessions that were used in one millisecond, the lower sid is evicted.
      await sleep(2);
      const good = await sessions.create({ subject: 'ada' });
      await spoil(bad.session.sid, () => 'garbage');
      await sleep(2);
      const third = await sessions.create({ subject: 'ada' });
      for (const { accessToken } of [good, third]) {
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      }
      const fourth = sessions.create({ subject: 'ada' });
      if (onLimit === 'evict-oldest') {
        await fourth;
        expect(await sessions.verify(good.accessToken)).toEqual(UNKNOWN);
      } else {
        await expect(fourth).rejects.toMatchObject({
          code: 'session_limit_reached',
        } satisfies Partial<SessionLimitError>);
      }
    },
  );

  // What is lost with the book-keeping are the fences of the last minute; the rest is counted anew.
  test.for([
    '',
    'garbage',
    ':',
    '1:',
    'nan:nan',
    '-1:-1',
    '0:0',
    '|||',
    `${'9'.repeat(40)}:5`,
    '9000000000000000:99999999',
    `0:0|${'9'.repeat(40)}:x:${'9'.repeat(40)}`,
    '0:0|999999999999999:x:1',
    undefined,
  ])('damaged metadata (%j) does not lock a subject out', async (value) => {
    const { sessions, heard, errors } = engine;
    const { key } = placeOf('ada');
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.create({ subject: 'ada' });
    const removed = await sessions.create({ subject: 'ada' });
    await sessions.revoke(removed.session.sid);
    const spoilBook = (): Promise<unknown> =>
      value === undefined
        ? server.command('HDEL', key, '!')
        : server.command('HSET', key, '!', value);

    await spoilBook();
    const next = accepted(await sessions.refresh(first.refreshToken));
    expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    await spoilBook();
    const third = await sessions.create({ subject: 'ada' });
    expect(await sessions.list('ada')).toHaveLength(3);
    await spoilBook();
    expect(await sessions.revoke(third.session.sid)).toBe(true);
    expect(await server.command('HGET', key, '!')).toMatch(/^S/);
    await spoilBook();
    expect(await sessions.revokeAll('ada', { except: second.session.sid })).toBe(1);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    await spoilBook();
    expect(await sessions.revokeAll('ada')).toBe(1);
    await sessions.create({ subject: 'ada' });
    expect(Number(await server.command('PTTL', key))).toBeGreaterThan(0);
    expect(heard).not.toContain('reuse');
    expect(errors()).toBe(0);
  });

  test.for(['', 'garbage', 'x'.repeat(51), '\u00ff'.repeat(51), 'x'.repeat(51 * 65)])(
    'a damaged list of removals (%j) refuses no sign-in',
    async (value) => {
      const { sessions, errors } = engine;
      const gone = await sessions.create({ subject: 'ada' });
      await sessions.create({ subject: 'ada' });
      await sessions.revoke(gone.session.sid);
      const { key } = placeOf('ada', gone.session.sid);
      await server.command('HSET', key, '~', value);
      await server.command('HDEL', key, '!');
      expect(await sessions.revoke(gone.session.sid)).toBe(false);
      await sessions.create({ subject: 'ada' });
      expect(await sessions.list('ada')).toHaveLength(2);
      expect(await sessions.revokeAll('ada')).toBe(2);
      expect(errors()).toBe(0);
    },
  );

  test('a key that is no hash fails its own subject alone, not those read in the same command', async () => {
    const { sessions } = engine;
    const subjects = ['ada', 'bob', 'cleo'];
    const issued = await Promise.all(subjects.map((subject) => sessions.create({ subject })));
    await server.command('SET', placeOf('bob').key, 'not a hash');
    const outcomes = await Promise.allSettled(
      issued.map(({ accessToken }) => sessions.verify(accessToken)),
    );
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { ok: true, session: { subject: 'ada' } } },
      { status: 'rejected', reason: expect.any(StoreUnavailableError) },
      { status: 'fulfilled', value: { ok: true, session: { subject: 'cleo' } } },
    ]);
    await expect(sessions.create({ subject: 'bob' })).rejects.toThrow(StoreUnavailableError);
    await server.command('DEL', placeOf('bob').key);
    await sessions.create({ subject: 'bob' });
  });
});
