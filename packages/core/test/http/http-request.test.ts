import { SessError, StoreUnavailableError, UsageError } from '@sess/core';
import { describe, expect, it } from 'vitest';
import { createGuard } from '../../src/http/guard.js';
import { assertSessions } from '../../src/http/options.js';
import { RequestOperations } from '../../src/http/request-operations.js';
import { bodyOf, type Sent, serve } from './open.js';

const ANY = createGuard<object>();

describe('authenticate', () => {
  it('authenticate does nothing without a token, and emits no event', async () => {
    const { open, names } = serve();
    const { request, handle } = open({});
    expect(await handle()).toBeUndefined();
    expect(request.session).toBeNull();
    expect(names()).toEqual([]);
  });

  it('authenticate returns 503 for a failing store, and rejects with every other error', async () => {
    const { sessions, faulty, open } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    faulty.fail();
    expect(await open({ bearer: accessToken }).handle()).toMatchObject({
      status: 503,
    });
    const broken = serveReading(() => Promise.reject(new RangeError('no keys')));
    await expect(broken.open({ bearer: 'any' }).handle()).rejects.toThrow(RangeError);
  });

  it('authenticate treats an error that is thrown synchronously in the same way', () => {
    const throwing = (error: Error) => {
      const { open } = serveReading(() => {
        throw error;
      });
      return () => open({ bearer: 'any' }).handle();
    };
    expect(throwing(new StoreUnavailableError('no keys'))()).toMatchObject({ status: 503 });
    expect(throwing(new RangeError('no keys'))).toThrow(RangeError);
  });

  /** With tokens that are read and verified so. */
  function serveReading(read: () => Promise<never>) {
    const open = () => ({ issue: () => '', read, verify: read });
    return serve({}, { accessToken: { kind: 'broken', open } });
  }
});

describe('the session of a request', () => {
  it('is frozen, also if the engine returned one that is not', async () => {
    const { sessions } = serve();
    const { session } = await sessions.create({ subject: 'ada' });
    const own = { ...session };
    const { open } = serve({}, {}, () => ({
      ...sessions,
      verify: () => ({ ok: true, session: own }),
    }));
    const { request, handle } = open({ bearer: 'any' });
    await handle();
    expect(request.session).toEqual(session);
    expect(request.session).not.toBe(own);
    expect(Object.isFrozen(request.session)).toBe(true);
    expect(Object.isFrozen(own)).toBe(false);
  });

  it('is the object of the engine if that is frozen', async () => {
    const { sessions, open } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const verified = await sessions.verify(accessToken);
    const { request, handle } = open({ bearer: accessToken });
    await handle();
    expect(verified).toMatchObject({ session: request.session });
  });
});

describe('a transport without a cookie', () => {
  it('has no other cookies to clear', () => {
    const { request, cookies } = serve({ refreshTransport: 'body' }).open({});
    RequestOperations.requestOf(request).cookie.clearOthers();
    expect(cookies).toEqual([]);
  });

  it('leaves the refusal of a guest to a stateless engine', async () => {
    const { sessions } = serve();
    const createGuest = () => Promise.reject(new SessError('not_supported', 'no guests'));
    const stateless = { ...sessions, kind: 'stateless', createGuest } as const;
    const { request } = serve({ routes: 'none' }, {}, () => stateless).open({});
    await expect(request.guest.update({ a: 1 })).rejects.toThrow('no guests');
  });
});

describe('a guard', () => {
  async function guarded(sent: Omit<Sent, 'bearer'> = {}) {
    const { sessions, clock, open } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const { request, handle } = open({ bearer: accessToken, ...sent });
    await handle();
    return { request, clock };
  }

  it('a guard names the required age of the authentication in the challenge and in the body [bearer.step-up]', async () => {
    const { request, clock } = await guarded();
    const guard = createGuard<object>({ authenticatedWithin: '5m' });
    clock.advance('5m');
    expect(guard(request)).toBeUndefined();
    clock.advance('1ms');
    const reply = await guard(request);
    expect(reply?.headers['WWW-Authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", max_age=300',
    );
    expect(bodyOf(reply)).toMatchObject({ max_age: 300 });
  });

  it.each([Promise.resolve(true), 1, 'yes', undefined])(
    'a guard throws if where returns neither true nor false: %#',
    async (answer) => {
      const { request } = await guarded();
      const guard = createGuard<object>({ where: () => answer as never });
      expect(() => guard(request)).toThrow(
        expect.objectContaining({ name: 'UsageError', code: 'invalid_argument' }),
      );
    },
  );

  const form = 'application/x-www-form-urlencoded';

  it.each([
    ['a form', form, { access_token: 'x' }],
    ['a form of a charset', `${form.toUpperCase()};charset=utf-8`, { access_token: 'x' }],
  ])('a guard refuses a second token in %s [bearer.two-places]', async (_what, type, body) => {
    const { request } = await guarded({ headers: { 'content-type': type }, body });
    expect(ANY(request)).toMatchObject({ status: 400 });
  });

  it.each(['access_token=x', 'page=2&access_token=x', 'access_token='])(
    'a guard refuses a second token in the query: %s [bearer.two-places]',
    async (query) => {
      const { request } = await guarded({ query });
      expect(ANY(request)).toMatchObject({ status: 400 });
    },
  );

  it.each(['page=2', 'my_access_token=x', 'next=%2F%3Faccess_token=x', ''])(
    'a guard finds no second token in the query: %s',
    async (query) => {
      const { request } = await guarded({ query });
      expect(ANY(request)).toBeUndefined();
    },
  );

  it.each([
    ['JSON', 'application/json', { access_token: 'x' }],
    ['a type that only names a form', `text/plain; of=${form}`, { access_token: 'x' }],
    ['a type that only begins as a form’s', `${form}ish`, { access_token: 'x' }],
    ['no type', undefined, { access_token: 'x' }],
    ['a form without a token', form, { token: 'x' }],
    ['a form that nobody has parsed', form, undefined],
    ['a form that is nothing', form, null],
    ['a form that is text', form, 'access_token=x'],
  ])('a guard finds no second token in %s', async (_what, type, body) => {
    const { request } = await guarded({ headers: { 'content-type': type }, body });
    expect(ANY(request)).toBeUndefined();
  });
});

describe('a request without a session', () => {
  it('a request without a session rejects current, update and elevate', async () => {
    const { open } = serve();
    const { request } = open({});
    const calls = [() => request.current(), () => request.update({}), () => request.elevate()];
    for (const call of calls) {
      const error = await call().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SessError);
      expect(error).toMatchObject({ code: 'session_required', status: 401 });
    }
  });
});

describe('current', () => {
  it('current returns the session that the store has just verified, without a second call', async () => {
    const { sessions, faulty, open } = serve();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    const { request, handle } = open({ bearer: accessToken });
    await handle();
    faulty.fail();
    expect(await request.current()).toEqual(session);
  });
});

describe('update', () => {
  it('update leaves the request with the session as the store has it then', async () => {
    const { sessions, open } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada', data: { theme: 'light' } });
    const { request, handle } = open({ bearer: accessToken });
    await handle();
    expect((await request.update({ theme: 'dark' })).data).toEqual({ theme: 'dark' });
    expect(request.session?.data).toEqual({ theme: 'dark' });
  });
});

describe('start', () => {
  it('start after a sign-out of the same request marks the session as live again', async () => {
    const { request } = serve({ transport: 'cookie' }).open({ method: 'POST' });
    await request.end();
    expect(RequestOperations.requestOf(request).hasEnded).toBe(true);
    await request.start({ subject: 'ada' });
    expect(RequestOperations.requestOf(request).hasEnded).toBe(false);
  });

  it('start rejects missing input with a UsageError', async () => {
    const { open } = serve();
    await expect(open({}).request.start(undefined as never)).rejects.toThrow(UsageError);
  });

  it('start names itself in the message about an option that is wrong', async () => {
    const start = (how: object) => serve().open({}).request.start({ subject: 'ada' }, how);
    await expect(start({ origin: [] })).rejects.toThrow(/^start: there is no option 'origin'/);
    await expect(start({ origins: 7 })).rejects.toThrow(/^start: origins: expected/);
  });

  it('start rejects if the previous session could not be ended', async () => {
    const { sessions, faulty, open } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    faulty.fail('remove');
    const { request } = open({ method: 'POST', bearer: accessToken });
    await expect(request.start({ subject: 'bob' })).rejects.toThrow(StoreUnavailableError);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
  });

  it('replaces the session of the same subject in one write, which a limit of one permits', async () => {
    const { sessions, faulty, open } = serve({}, { maxPerSubject: 1, onLimit: 'reject' });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const { request } = open({ method: 'POST', bearer: accessToken });
    await request.start({ subject: 'ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: false });
    expect(faulty.calls.get('remove')).toBeUndefined();
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:c000:207', '::ffff:c000:207'],
    ['64::ffff:192.0.2.7', '64::ffff:192.0.2.7'],
  ])('start stores the address %s as %s', async (ip, noted) => {
    const { sessions, open } = serve();
    const { request } = open({ method: 'POST', ip, headers: { 'user-agent': 'suite/1.0' } });
    await request.start({ subject: 'ada', device: { label: 'phone' } });
    expect((await sessions.list('ada'))[0]?.device).toStrictEqual({
      userAgent: 'suite/1.0',
      ip: noted,
      label: 'phone',
    });
  });

  it('start stores an empty device if the request describes none', async () => {
    const { sessions, open } = serve();
    await open({ method: 'POST' }).request.start({ subject: 'ada' });
    expect((await sessions.list('ada'))[0]?.device).toStrictEqual({});
  });
});

describe('the engine that a middleware is given', () => {
  it('assertSessions returns an engine unchanged, and accepts undefined', () => {
    const { sessions } = serve();
    expect(assertSessions(sessions)).toBe(sessions);
    expect(assertSessions(undefined)).toBeUndefined();
  });

  it.each([{}, { basePath: '/auth' }, { verify: true }, null])(
    'assertSessions refuses %j as an engine',
    (options) => {
      expect(() => assertSessions(options as never)).toThrow(
        expect.objectContaining({ name: 'UsageError', code: 'invalid_argument' }),
      );
    },
  );
});
