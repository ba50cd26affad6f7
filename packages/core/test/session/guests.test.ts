import {
  createSessions,
  memoryStore,
  type StandardSchema,
  StoreUnavailableError,
} from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';
import { arrange } from './arrange.js';

const RENEW = { canRenew: true };

async function guestOf(options: Parameters<typeof arrange>[0] = {}) {
  const arranged = arrange(options);
  const { guest, refreshToken } = await arranged.sessions.createGuest({ data: { cart: ['tea'] } });
  return { ...arranged, guest, cookie: refreshToken };
}

describe('a guest', () => {
  it('is no session to any method of the engine [guest.no-session]', async () => {
    const { sessions, faulty, guest, cookie } = await guestOf();
    const { sid } = guest;
    const subject = (await faulty.store.load(sid)).record?.data.subject ?? '';
    expect(subject).toMatch(/^guest:/);
    expect(await sessions.get(sid)).toBeUndefined();
    expect(await sessions.list(subject)).toEqual([]);
    expect(await sessions.update(sid, { admin: true })).toBeUndefined();
    expect(await sessions.updateAll(subject, { admin: true })).toBe(0);
    expect(await sessions.elevate(sid)).toBeUndefined();
    expect(await sessions.refresh(cookie)).toEqual({ ok: false, reason: 'unknown' });
    expect(await sessions.verify(cookie)).toMatchObject({ ok: false });
    expect(await sessions.present(cookie, RENEW)).toEqual({ ok: false, reason: 'guest', guest });
  });

  it('gets the sid that was named before, and no other text', async () => {
    const { sessions } = arrange();
    const sid = 'A'.repeat(32);
    const { guest, refreshToken } = await sessions.createGuest({ sid, data: { cart: ['tea'] } });
    expect(guest.sid).toBe(sid);
    expect(await sessions.present(refreshToken, RENEW)).toMatchObject({ reason: 'guest', guest });
    await expect(sessions.createGuest({ sid: 'short' })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it('has no access token in its record', async () => {
    const { faulty, guest } = await guestOf();
    const { record } = await faulty.store.load(guest.sid);
    expect(record?.auth).toMatchObject({ access: [], accessCount: -1 });
  });

  it('keeps data, also by concurrent patches', async () => {
    const { sessions, guest, cookie } = await guestOf();
    await Promise.all([
      sessions.updateGuest(guest.sid, { theme: 'dark' }),
      sessions.updateGuest(guest.sid, (data) => ({
        ...data,
        cart: [...(data['cart'] as string[]), 'milk'],
      })),
    ]);
    expect(await sessions.present(cookie, RENEW)).toMatchObject({
      guest: { data: { theme: 'dark', cart: ['tea', 'milk'] } },
    });
  });

  it('ends after an hour without use', async () => {
    const { sessions, clock, guest, cookie } = await guestOf();
    expect(guest.expiresAt).toBe(clock.now() + 3_600_000);
    clock.advance('1h');
    expect(await sessions.present(cookie, RENEW)).toEqual({ ok: false, reason: 'expired' });
    expect(await sessions.updateGuest(guest.sid, { a: 1 })).toBeUndefined();
  });

  it('is renewed as a session is, keeps its hour and what it has, and causes no events', async () => {
    const { sessions, clock, names, guest, cookie } = await guestOf();
    await sessions.put(guest.sid, { name: 'flash', value: 'hi', ttl: '1d' });
    clock.advance('15m');
    const renewed = await sessions.present(cookie, RENEW);
    if (!('renewal' in renewed)) throw new Error('the cookie was not renewed');
    expect(renewed).toMatchObject({
      reason: 'guest',
      guest: { expiresAt: clock.now() + 3_600_000, data: { cart: ['tea'] } },
    });
    expect(await sessions.present(renewed.renewal?.refreshToken, RENEW)).toMatchObject({
      reason: 'guest',
    });
    expect(await sessions.take(guest.sid, 'flash')).toBe('hi');
    expect(names()).toEqual([]);
  });

  it('ends by a spent cookie as a session does, without an alarm for a user who does not exist', async () => {
    const { sessions, clock, names, guest, cookie } = await guestOf();
    clock.advance('15m');
    const renewed = await sessions.present(cookie, RENEW);
    if (!('renewal' in renewed)) throw new Error('the cookie was not renewed');
    await sessions.present(renewed.renewal?.refreshToken, RENEW);
    clock.advance('6m');
    expect(await sessions.present(cookie, RENEW)).toEqual({ ok: false, reason: 'reused' });
    expect(await sessions.updateGuest(guest.sid, {})).toBeUndefined();
    expect(names()).toEqual(['rejected']);
  });

  it('is not asked about: neither onRefresh nor migrate get what is no session', async () => {
    const onRefresh = vi.fn(() => false as const);
    const migrate = vi.fn(() => undefined);
    const { sessions, clock, cookie } = await guestOf({ onRefresh, migrate });
    clock.advance('15m');
    expect(await sessions.present(cookie, RENEW)).toMatchObject({ reason: 'guest' });
    expect([onRefresh.mock.calls, migrate.mock.calls]).toEqual([[], []]);
  });

  it('is ended by its own token and by its sid, and causes no event by the first', async () => {
    const { sessions, names, guest, cookie } = await guestOf();
    expect(await sessions.end({ refreshToken: cookie })).toBe(true);
    expect(names()).toEqual([]);
    expect(await sessions.revoke(guest.sid)).toBe(false);
  });

  it('does not outlive the idle time of the engine, where that is shorter', async () => {
    const { clock, guest } = await guestOf({ idleTtl: '10m', accessTtl: '1m' });
    expect(guest.expiresAt).toBe(clock.now() + 600_000);
  });

  it('is no matter of a limit: each is one', async () => {
    const { sessions } = await guestOf({ maxPerSubject: 1, onLimit: 'reject' });
    const { guest } = await sessions.createGuest();
    expect(guest.data).toEqual({});
  });

  /** An engine whose store refuses a number of inserts with a status. */
  function refusing(status: 'revoked' | 'limit', count: number) {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const insert = vi.fn(
      async (...call: Parameters<typeof inner.insert>): ReturnType<typeof inner.insert> => {
        const now = clock.now();
        if (insert.mock.calls.length > count) return inner.insert(...call);
        return status === 'limit' ? { status, now } : { status, revokedBefore: now + 5, now };
      },
    );
    const sessions = createSessions({ store: { ...inner, insert }, clock, logger: silentLogger });
    return { clock, sessions, insert };
  }

  it('is created with a one-time value, and is logged by its sid alone', async () => {
    const { sessions, logger } = arrange();
    const { guest } = await sessions.createGuest({ put: { name: 'flash', value: 'hi' } });
    expect(await sessions.take(guest.sid, 'flash')).toBe('hi');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'debug', fields: { sid: guest.sid } }),
    );
  });

  it('is not created with an option that there is not', async () => {
    const refused = arrange().sessions.createGuest({ date: {} } as never);
    await expect(refused).rejects.toThrow(/^createGuest: there is no option 'date'/);
  });

  it('is created after a mark of the store that lies ahead of the clock', async () => {
    const { clock, sessions } = refusing('revoked', 1);
    const { guest, issuedAt } = await sessions.createGuest();
    expect([issuedAt, guest.createdAt]).toEqual([clock.now() + 6, clock.now() + 6]);
  });

  it('is created at the time of the clock if the store refused it for another reason', async () => {
    const { clock, sessions } = refusing('limit', 3);
    expect((await sessions.createGuest()).issuedAt).toBe(clock.now());
  });

  it('is given up after four attempts', async () => {
    const { sessions, insert } = refusing('revoked', 9);
    await expect(sessions.createGuest()).rejects.toThrow(StoreUnavailableError);
    expect(insert).toHaveBeenCalledTimes(4);
  });

  it.each([undefined, null, 'text', [['cart', 1]]])(
    'is not updated by %j, which is no patch',
    async (patch) => {
      const { sessions, guest } = await guestOf();
      const refused = sessions.updateGuest(guest.sid, patch as never);
      await expect(refused).rejects.toMatchObject({ code: 'invalid_data' });
    },
  );

  it('is not looked for under a malformed sid', async () => {
    const { sessions, faulty } = await guestOf();
    faulty.fail();
    expect(await sessions.updateGuest('guest', { a: 1 })).toBeUndefined();
  });

  it('shows no token when it is inspected', async () => {
    const { sessions } = arrange();
    const { inspect } = await import('node:util');
    expect(inspect(await sessions.createGuest())).not.toContain('srt_');
  });
});

describe('a subject that begins as that of a guest', () => {
  it('is a user like any other [guest.flag]', async () => {
    const { sessions } = arrange();
    const { accessToken, refreshToken, session } = await sessions.create({ subject: 'guest:ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.present(refreshToken, RENEW)).toMatchObject({ ok: true });
    expect(await sessions.list('guest:ada')).toEqual([session]);
    expect(await sessions.updateGuest(session.sid, { a: 1 })).toBeUndefined();
  });
});

describe('a sign-in that replaces a guest', () => {
  it('takes over the named data and the one-time values, in the write that stores the session', async () => {
    const { sessions, faulty, names, guest, cookie } = await guestOf();
    await sessions.updateGuest(guest.sid, { visits: 3 });
    await sessions.put(guest.sid, { name: 'flash', value: 'welcome' });
    const { session, refreshToken } = await sessions.create(
      { subject: 'ada', data: { cart: [], theme: 'dark' } },
      { replaces: { refreshToken: cookie }, keep: ['cart', 'absent'] },
    );
    expect(session.data).toEqual({ cart: ['tea'], theme: 'dark' });
    expect(await sessions.get(session.sid)).toEqual(session);
    expect(faulty.calls.get('insert')).toBe(2);
    expect(refreshToken.slice(0, 36)).not.toBe(cookie.slice(0, 36));
    expect(await sessions.take(session.sid, 'flash')).toBe('welcome');
    expect(await sessions.present(cookie, RENEW)).toEqual({ ok: false, reason: 'unknown' });
    expect(names()).toEqual(['created', 'rejected']);
  });

  it('takes over nothing by default, and nothing that its data inherits', async () => {
    const { sessions, cookie } = await guestOf();
    const replaces = { refreshToken: cookie };
    const { session } = await sessions.create(
      { subject: 'ada' },
      { replaces, keep: ['toString', '__proto__', 'constructor'] },
    );
    expect(session.data).toEqual({});
  });

  it('leaves the guest alone if it is refused', async () => {
    const { sessions, cookie } = await guestOf({ maxPerSubject: 1, onLimit: 'reject' });
    await sessions.create({ subject: 'ada' });
    const again = sessions.create({ subject: 'ada' }, { replaces: { refreshToken: cookie } });
    await expect(again).rejects.toMatchObject({ code: 'session_limit_reached' });
    expect(await sessions.present(cookie, RENEW)).toMatchObject({ reason: 'guest' });
  });

  it('takes over one-time values from a session of the same subject, and never from another user', async () => {
    const { sessions } = arrange();
    const first = await sessions.create({ subject: 'ada', data: { cart: [1] } });
    await sessions.put(first.session.sid, { name: 'flash', value: 'hi' });
    const second = await sessions.create(
      { subject: 'ada' },
      { replaces: { refreshToken: first.refreshToken }, keep: ['cart'] },
    );
    expect(second.session.data).toEqual({});
    const third = await sessions.create(
      { subject: 'eve' },
      { replaces: { refreshToken: second.refreshToken } },
    );
    expect(await sessions.take(third.session.sid, 'flash')).toBeUndefined();
  });

  it('takes over one-time values from a session of the same subject', async () => {
    const { sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await sessions.put(first.session.sid, { name: 'flash', value: 'hi' });
    const replaces = { refreshToken: first.refreshToken };
    const second = await sessions.create({ subject: 'ada' }, { replaces });
    expect(await sessions.take(second.session.sid, 'flash')).toBe('hi');
  });

  it.each([['cart'], 'cart', [1]])('refuses names that are no list of names: %#', async (keep) => {
    const { sessions } = arrange();
    const isList = Array.isArray(keep) && keep[0] === 'cart';
    const created = sessions.create({ subject: 'ada' }, { keep: keep as never });
    if (isList) await expect(created).resolves.toBeDefined();
    else await expect(created).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('the schema of the data', () => {
  interface Data {
    readonly handle: string;
    readonly cart?: readonly string[];
  }
  /** Requires a handle, knows a cart, and refuses every other name. */
  const schema: StandardSchema<Data> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate(value) {
        const data = value as Record<string, unknown>;
        const issues: { message: string; path?: string[] }[] = [];
        if (typeof data['handle'] !== 'string') issues.push({ message: 'text', path: ['handle'] });
        if (data['cart'] !== undefined && !Array.isArray(data['cart'])) {
          issues.push({ message: 'list', path: ['cart'] });
        }
        for (const name of Object.keys(data)) {
          if (name !== 'handle' && name !== 'cart') issues.push({ message: `unknown ${name}` });
        }
        return issues.length > 0 ? { issues } : { value: data as unknown as Data };
      },
    },
  };

  function typed() {
    const clock = createFakeClock();
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    const store = memoryStore({ clock });
    return { sessions: createSessions({ data: schema, clock, store, logger }), warn, store };
  }

  it('validates what a guest has, and not what is missing', async () => {
    const { sessions } = typed();
    const { guest } = await sessions.createGuest({ data: { cart: ['tea'] } });
    expect(guest.data).toEqual({ cart: ['tea'] });
    expect(await sessions.updateGuest(guest.sid, { cart: [] })).toMatchObject({
      data: { cart: [] },
    });
    for (const patch of [{ cart: 1 }, { cart: [], other: 1 }, { handle: 1 }]) {
      const refused = sessions.updateGuest(guest.sid, patch as never);
      await expect(refused).rejects.toMatchObject({ code: 'invalid_data' });
    }
  });

  it('leaves out what is too large together with the data of the sign-in', async () => {
    const { sessions } = arrange({ maxDataLength: 64 });
    const { refreshToken } = await sessions.createGuest({ data: { cart: 'x'.repeat(40) } });
    const { session } = await sessions.create(
      { subject: 'ada', data: { name: 'y'.repeat(40) } },
      { replaces: { refreshToken }, keep: ['cart'] },
    );
    expect(session.data).toEqual({ name: 'y'.repeat(40) });
  });

  it('validates what goes over', async () => {
    const { sessions } = typed();
    const { refreshToken } = await sessions.createGuest({ data: { cart: ['tea'] } });
    const { session } = await sessions.create(
      { subject: 'ada', data: { handle: 'ada' } },
      { replaces: { refreshToken }, keep: ['cart'] },
    );
    expect(session.data).toEqual({ handle: 'ada', cart: ['tea'] });
  });

  it('leaves out what no longer fits, with a warning, so that the user is signed in', async () => {
    const { sessions, warn, store } = typed();
    const old = createSessions({ store });
    const { refreshToken } = await old.createGuest({ data: { cart: 'tea' } });
    const { session } = await sessions.create(
      { subject: 'ada', data: { handle: 'ada' } },
      { replaces: { refreshToken }, keep: ['cart'] },
    );
    expect(session.data).toEqual({ handle: 'ada' });
    expect(warn).toHaveBeenCalledWith({ names: 'cart' }, expect.stringContaining('left out'));
  });

  /** An engine whose schema is the given function, and a guest with two members. */
  async function validating(validate: (value: object) => unknown) {
    const clock = createFakeClock();
    const warn = vi.fn();
    const logger = { debug() {}, info() {}, warn, error() {} };
    const store = memoryStore({ clock });
    const old = createSessions({ store, clock, logger });
    const { refreshToken } = await old.createGuest({ data: { cart: ['tea'], theme: 'dark' } });
    const data = { '~standard': { version: 1, vendor: 'test', validate } } as never;
    const sessions = createSessions({ data, clock, store, logger });
    const signIn = (keep: readonly string[]) =>
      sessions.create({ subject: 'ada' }, { replaces: { refreshToken }, keep });
    return { signIn, warn };
  }
  const REFUSED = { issues: [{ message: 'no', path: [] }] };

  it('names all that is left out', async () => {
    const { signIn, warn } = await validating((value) => ('cart' in value ? REFUSED : { value }));
    expect((await signIn(['cart', 'theme'])).session.data).toEqual({});
    expect(warn).toHaveBeenCalledWith({ names: 'cart, theme' }, expect.any(String));
  });

  it('is refused if the schema fails', async () => {
    const { signIn } = await validating((value) => {
      if ('cart' in value) throw new RangeError('a fault of the schema');
      return { value };
    });
    await expect(signIn(['cart'])).rejects.toThrow();
  });

  it('validates once if nothing goes over', async () => {
    const validate = vi.fn(() => REFUSED);
    const { signIn } = await validating(validate);
    await expect(signIn([])).rejects.toMatchObject({ code: 'invalid_data' });
    expect(validate).toHaveBeenCalledTimes(1);
  });

  it('still refuses a sign-in whose own data does not fit', async () => {
    const { sessions } = typed();
    const { refreshToken } = await sessions.createGuest({ data: { cart: ['tea'] } });
    const refused = sessions.create(
      { subject: 'ada', data: { handle: 1 } as never },
      { replaces: { refreshToken }, keep: ['cart'] },
    );
    await expect(refused).rejects.toMatchObject({ code: 'invalid_data' });
  });
});
