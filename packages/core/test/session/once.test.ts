import { createSessions, memoryStore, type Sessions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { withValues } from '../../src/session/once.js';
import { arrange } from './arrange.js';

async function signedIn() {
  const arranged = arrange();
  const { session } = await arranged.sessions.create({ subject: 'ada' });
  const { sid } = session;
  const put = (name: string, value: unknown, ttl?: '1m' | '1d') =>
    arranged.sessions.put(sid, { name, value, ...(ttl === undefined ? {} : { ttl }) });
  return { ...arranged, sid, put, take: (name: string) => arranged.sessions.take(sid, name) };
}

describe('a one-time value', () => {
  it('is taken once, as it was put', async () => {
    const { put, take } = await signedIn();
    for (const value of ['saved', 0, false, null, [], { state: ['a', { b: 1 }] }]) {
      expect(await put('flash', value)).toBe(true);
      expect(await take('flash')).toEqual(value);
      expect(await take('flash')).toBeUndefined();
    }
  });

  it('is taken by one of 8 concurrent calls, of engines that know nothing of each other', async () => {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const engines = Array.from({ length: 8 }, () =>
      createSessions({ store, clock, logger: silentLogger }),
    );
    const [first] = engines as [Sessions];
    const { session } = await first.create({ subject: 'ada' });
    for (let round = 0; round < 20; round += 1) {
      await first.put(session.sid, { name: 'state', value: round });
      const taken = await Promise.all(engines.map((each) => each.take(session.sid, 'state')));
      expect(taken.filter((value) => value !== undefined)).toEqual([round]);
    }
  });

  it('ends after its time, 10 minutes by default', async () => {
    const { clock, put, take } = await signedIn();
    await put('short', 1, '1m');
    await put('usual', 2);
    clock.advance('1m');
    expect(await take('short')).toBeUndefined();
    clock.advance('539999ms');
    expect(await take('usual')).toBe(2);
    await put('usual', 3);
    clock.advance('10m');
    expect(await take('usual')).toBeUndefined();
  });

  it('is neither put nor taken once its session has expired', async () => {
    const { clock, put, take } = await signedIn();
    await put('flash', 1, '1d');
    clock.advance('8d');
    expect(await put('flash', 2)).toBe(false);
    expect(await take('flash')).toBeUndefined();
  });

  it('is replaced by one of the same name', async () => {
    const { put, take } = await signedIn();
    await put('flash', 'first');
    await put('flash', 'second');
    expect(await take('flash')).toBe('second');
    expect(await take('flash')).toBeUndefined();
  });

  it('is not part of the data, and survives an update, an elevation and a renewal', async () => {
    const { sessions, clock, sid, put, take } = await signedIn();
    await put('flash', 'saved', '1d');
    expect(await sessions.update(sid, { theme: 'dark' })).toMatchObject({
      data: { theme: 'dark' },
    });
    const elevated = await sessions.elevate(sid);
    clock.advance('15m');
    expect(await sessions.refresh(elevated?.refreshToken)).toMatchObject({ ok: true });
    expect((await sessions.get(sid))?.data).toEqual({ theme: 'dark' });
    expect(await take('flash')).toBe('saved');
  });

  it('costs no write where there is none to take', async () => {
    const { faulty, take } = await signedIn();
    expect(await take('flash')).toBeUndefined();
    expect(faulty.calls.get('replaceData')).toBeUndefined();
  });

  it('is neither put nor taken once its session has ended', async () => {
    const { sessions, sid, put, take } = await signedIn();
    await put('flash', 1);
    await sessions.revoke(sid);
    expect([await put('flash', 2), await take('flash')]).toEqual([false, undefined]);
    expect(await sessions.put('no-sid', { name: 'flash', value: 1 })).toBe(false);
    expect(await sessions.take('no-sid', 'flash')).toBeUndefined();
  });
});

describe('the one-time values of a session', () => {
  it('are at most 16: the oldest makes room', async () => {
    const { put, take } = await signedIn();
    for (let n = 0; n < 17; n += 1) await put(`state:${n}`, n);
    expect(await take('state:0')).toBeUndefined();
    expect(await take('state:1')).toBe(1);
    expect(await take('state:16')).toBe(16);
  });

  it('are at most 4,096 characters in all: the oldest make room', async () => {
    const { put, take } = await signedIn();
    for (const name of ['a', 'b', 'c']) await put(name, 'x'.repeat(1_900));
    expect(await take('a')).toBeUndefined();
    expect(await take('b')).toHaveLength(1_900);
    expect(await take('c')).toHaveLength(1_900);
  });

  it('are dropped at the next write once their time is over', async () => {
    const { clock, faulty, sid, put } = await signedIn();
    await put('old', 1, '1m');
    clock.advance('1m');
    await put('new', 2);
    const { record } = await faulty.store.load(sid);
    expect(record?.data.once?.map(({ name }) => name)).toEqual(['new']);
  });
});

describe('put', () => {
  it.each([
    ['a value that is too large', { name: 'a', value: 'x'.repeat(4_096) }, 'data_too_large'],
    ['a value that JSON cannot hold', { name: 'a', value: new Date(0) }, 'invalid_data'],
    ['no value', { name: 'a', value: undefined }, 'invalid_data'],
    ['no name', { name: '', value: 1 }, 'invalid_argument'],
    ['a name that is too long', { name: 'x'.repeat(65), value: 1 }, 'invalid_argument'],
    ['a name that is no text', { name: 1, value: 1 }, 'invalid_argument'],
    ['a time over a day', { name: 'a', value: 1, ttl: '25h' }, 'invalid_option'],
    ['a time in words', { name: 'a', value: 1, ttl: 'soon' }, 'invalid_option'],
    ['a misspelt option', { name: 'a', value: 1, tll: '5m' }, 'invalid_option'],
  ])('refuses %s, and writes nothing', async (_what, given, code) => {
    const { sessions, faulty, sid } = await signedIn();
    await expect(sessions.put(sid, given as never)).rejects.toMatchObject({ code });
    expect(faulty.calls.get('replaceData')).toBeUndefined();
  });

  it('names the limit and the repair if a value is too large', async () => {
    const { put } = await signedIn();
    await expect(put('a', 'x'.repeat(4_090))).rejects.toThrow(
      'put: expected at most 4096 characters of JSON in one-time values, got 4',
    );
    await expect(put('a', 'x'.repeat(4_090))).rejects.toThrow('put its id');
  });

  it('has a name of at most 64 characters, and fills at most the limit', async () => {
    const { put } = await signedIn();
    expect(await put('n'.repeat(64), 1)).toBe(true);
    for (const name of ['n'.repeat(65), '', ['a'], undefined]) {
      const refused = put(name as string, 1);
      await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    // 24 characters are the name, the time, and the signs between.
    expect(await put('a', 'x'.repeat(4_072))).toBe(true);
    await expect(put('a', 'x'.repeat(4_073))).rejects.toMatchObject({ code: 'data_too_large' });
  });

  it('drops the oldest value only if all together are beyond the limit', async () => {
    const { put, sessions, sid } = await signedIn();
    await put('a', 'x'.repeat(2_000));
    // 43 characters are the names, the times, and the signs between.
    await put('b', 'y'.repeat(2_053));
    expect(await sessions.take(sid, 'a')).toHaveLength(2_000);
    await put('a', 'x'.repeat(2_000));
    await put('b', 'y'.repeat(2_054));
    expect(await sessions.take(sid, 'a')).toBeUndefined();
  });

  it('names the call and the option that is wrong', async () => {
    const { sessions, sid, put } = await signedIn();
    await expect(put('a', 1, 'soon' as never)).rejects.toThrow(/^put: ttl: expected a duration/);
    const misspelt = sessions.put(sid, { name: 'a', value: 1, tll: '1m' } as never);
    await expect(misspelt).rejects.toThrow(/^put: there is no option 'tll'/);
  });
});

describe('take', () => {
  it.each(['x'.repeat(10_000), '__proto__', 'constructor', '', undefined, 1, ['flash']])(
    'finds nothing under a name that a request brings: %#',
    async (name) => {
      const { put, take } = await signedIn();
      await put('flash', 1);
      expect(await take(name as string)).toBeUndefined();
    },
  );

  it('finds a value that was put under the name of a member of all objects', async () => {
    const { put, take } = await signedIn();
    await put('__proto__', { admin: true });
    expect(await take('__proto__')).toEqual({ admin: true });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('an update by a function', () => {
  it('counts every call, of engines that know nothing of each other', async () => {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const engines = Array.from({ length: 8 }, () =>
      createSessions({ store, clock, logger: silentLogger }),
    );
    const [first] = engines as [Sessions];
    const { session } = await first.create({ subject: 'ada', data: { count: 0 } });
    const increment = (each: Sessions) =>
      each.update(session.sid, (data) => ({ ...data, count: Number(data['count']) + 1 }));
    for (let round = 0; round < 5; round += 1) await Promise.all(engines.map(increment));
    expect((await first.get(session.sid))?.data).toEqual({ count: 40 });
  });
});

describe('the data part of a record', () => {
  const part = { subject: 'ada', device: {}, data: {} };

  it('has no member for values that are gone', () => {
    const value = { name: 'flash', value: 'saved', expiresAt: 5 };
    const full = withValues(part, [value]);
    expect(full).toEqual({ ...part, once: [value] });
    expect(withValues(full, [])).toStrictEqual(part);
  });
});
