import { createSessions, memoryStore } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';

/** What a broken store may return in place of a good result. */
const GARBAGE: Record<string, (result: Record<string, unknown>) => unknown> = {
  undefined: () => undefined,
  null: () => null,
  'an empty object': () => ({}),
  'a time that is no number': (result) => ({ ...result, now: Number.NaN }),
  'a time with fractions': (result) => ({ ...result, now: 1.5 }),
  'a time as text': (result) => ({ ...result, now: String(result['now']) }),
  'an unknown status': (result) => ('status' in result ? { ...result, status: 'OK' } : {}),
  'no details': ({ status, now }) => (status === 'replaced' ? {} : { status, now }),
};

const METHODS = [
  'load',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
  'removeAll',
  'list',
] as const;

describe('a store that returns garbage', () => {
  const cases = METHODS.flatMap((method) =>
    Object.keys(GARBAGE).map((name) => [method, name] as const),
  ).filter(([method, name]) => !(method === 'remove' && name === 'no details'));

  it.each(cases)(
    '%s: %s is a store that failed, and its time is not used',
    async (method, name) => {
      const clock = createFakeClock();
      const { getCached, ...inner } = memoryStore({ clock });
      let isBroken = false;
      const store = {
        ...inner,
        async [method](...call: never[]) {
          const result: unknown = await Reflect.apply(inner[method], inner, call);
          return isBroken ? GARBAGE[name]?.(result as Record<string, unknown>) : result;
        },
      } as SessionStore;
      expect(getCached).toBeTypeOf('function');
      const sessions = createSessions({ store, clock, logger: silentLogger });
      const { session, accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
      const calls = {
        load: async () => sessions.verify(accessToken),
        insert: () => sessions.create({ subject: 'bob' }),
        replaceAuth: () => sessions.refresh(refreshToken),
        replaceData: () => sessions.update(session.sid, { a: 1 }),
        remove: () => sessions.revoke(session.sid),
        removeAll: () => sessions.revokeAll('ada'),
        list: () => sessions.list('ada'),
      };
      isBroken = true;
      await expect(calls[method]()).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(sessions.clock.now()).toBe(clock.now());
    },
  );

  it.each([
    ['removeAll', { count: 1.5 }],
    ['removeAll', { count: '1' }],
    ['insert', { evicted: 'none' }],
    ['insert', { status: 'revoked', revokedBefore: Number.NaN }],
    ['insert', { status: 'replaced' }],
    ['remove', { status: 'inserted' }],
    ['list', { records: {} }],
    ['list', { records: [{}] }],
  ] as const)('%s with %j is a store that failed', async (method, change) => {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const store = {
      ...inner,
      async [method](...call: never[]) {
        return { ...(await Reflect.apply(inner[method], inner, call)), ...change };
      },
    } as SessionStore;
    const sessions = createSessions({ store, clock, logger: silentLogger });
    const calls = {
      insert: () => sessions.create({ subject: 'bob' }),
      remove: () => sessions.revoke('S'.repeat(32)),
      removeAll: () => sessions.revokeAll('ada'),
      list: () =>
        createSessions({ store: inner, clock })
          .create({ subject: 'ada' })
          .then(() => sessions.list('ada')),
    };
    await expect(calls[method]()).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('for a cheap read of a record of another session, too', async () => {
    const clock = createFakeClock();
    const { getCached, ...inner } = memoryStore({ clock });
    let other = '';
    const store: SessionStore = {
      ...inner,
      loadRecord: async () => (await inner.load(other)).record,
    };
    expect(getCached).toBeTypeOf('function');
    const sessions = createSessions({ store, clock, logger: silentLogger });
    const ada = await sessions.create({ subject: 'ada' });
    other = (await sessions.create({ subject: 'bob' })).session.sid;
    await expect(sessions.verify(ada.accessToken)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});

describe('a record that a newer version wrote', () => {
  function arrange() {
    const clock = createFakeClock();
    const { getCached, ...inner } = memoryStore({ clock });
    let isNewer = false;
    const removed: string[] = [];
    const store: SessionStore = {
      ...inner,
      async load(sid) {
        const loaded = await inner.load(sid);
        const isUnreadable = isNewer && loaded.record !== undefined;
        return isUnreadable ? { record: undefined, status: 'unreadable', now: loaded.now } : loaded;
      },
      remove(sid, ...others) {
        removed.push(sid);
        return inner.remove(sid, ...others);
      },
    };
    expect(getCached).toBeTypeOf('function');
    const sessions = createSessions({ store, clock, logger: silentLogger });
    const upgrade = () => {
      isNewer = true;
    };
    return { sessions, removed, upgrade };
  }

  it('is a failure of the store for every read, and never unknown', async () => {
    const { sessions, upgrade } = arrange();
    const { accessToken, refreshToken, session } = await sessions.create({ subject: 'ada' });
    upgrade();
    const unavailable = { code: 'store_unavailable' };
    await expect(sessions.verify(accessToken)).rejects.toMatchObject(unavailable);
    await expect(sessions.refresh(refreshToken)).rejects.toMatchObject(unavailable);
    await expect(sessions.get(session.sid)).rejects.toMatchObject(unavailable);
  });

  it('is removed by revoke and by signing out', async () => {
    const { sessions, removed, upgrade } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.create({ subject: 'ada' });
    upgrade();
    expect(await sessions.revoke(first.session.sid)).toBe(true);
    expect(await sessions.end({ refreshToken: second.refreshToken })).toBe(true);
    expect(removed).toEqual([first.session.sid, second.session.sid]);
  });

  it('is removed by a sign-in that replaces it, without naming its subject', async () => {
    const { sessions, removed, upgrade } = arrange();
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    const revoked: unknown[] = [];
    sessions.on('revoked', (event) => void revoked.push(event));
    upgrade();
    await sessions.create({ subject: 'bob' }, { replaces: { refreshToken } });
    expect(removed).toEqual([session.sid]);
    expect(revoked).toEqual([{ cause: 'logout', sid: session.sid }]);
  });

  it('is reported as ended by the call that removed it only', async () => {
    const { sessions, upgrade } = arrange();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    upgrade();
    expect(await sessions.end({ refreshToken })).toBe(true);
    expect(await sessions.end({ refreshToken })).toBe(false);
  });
});
