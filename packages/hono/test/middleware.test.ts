import { createSessions, UsageError } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/hono';
import { signIn } from '@sess/testkit';
import { Hono, type MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sendRequest } from '../../../test/kit.js';
import { serve } from './host.js';

const sessions = createSessions();
const { headers: ada } = await signIn(sessions, { subject: 'ada' });

/** Takes `c.var.session` as session packages for Hono do. */
const other: MiddlewareHandler = async (c, next) => {
  c.set('session', { get() {} });
  await next();
};

async function caught(...handlers: MiddlewareHandler[]): Promise<unknown> {
  const errors: unknown[] = [];
  const app = new Hono();
  for (const handler of handlers) app.use(handler);
  app.get('/', (c) => c.text('through'));
  app.onError((error, c) => {
    errors.push(error);
    return c.text('', 500);
  });
  expect((await app.request('/', { headers: ada })).status).toBe(500);
  expect(errors).toEqual([expect.any(UsageError)]);
  return errors[0];
}

describe('sessionMiddleware', () => {
  it('sessionMiddleware works with app.request(), without a socket', async () => {
    const app = new Hono()
      .use(sessionMiddleware(sessions))
      .get('/me', requireSession(), (c) => c.json(c.var.session));
    expect(await (await app.request('/me', { headers: ada })).json()).toMatchObject({
      subject: 'ada',
    });
    const refused = await app.request('/me');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('Content-Type')).toBe('application/problem+json');
  });

  it.each([
    ['after', [other, sessionMiddleware(sessions)]],
    ['before', [sessionMiddleware(sessions), other, requireSession()]],
  ] as const)(
    'sessionMiddleware refuses to run if it is mounted %s another middleware that owns c.var.session',
    async (_, all) => {
      expect(await caught(...all)).toMatchObject({ code: 'middleware_conflict' });
    },
  );

  it('sessionMiddleware may be mounted twice with one engine', async () => {
    const app = new Hono()
      .use(sessionMiddleware(sessions), sessionMiddleware(sessions))
      .get('/', requireSession(), (c) => c.text(c.var.session.subject));
    expect(await (await app.request('/', { headers: ada })).text()).toBe('ada');
  });

  it('c.var.session follows a sign-in, an update and a sign-out', async () => {
    const app = new Hono().use(sessionMiddleware(sessions)).post('/', async (c) => {
      const seen: unknown[] = [c.var.session];
      await c.var.sessions.start({ subject: 'grace' });
      seen.push(c.var.session?.subject);
      await c.var.sessions.update({ a: 1 });
      seen.push(c.var.session?.data);
      await c.var.sessions.end();
      return c.json([...seen, c.var.session]);
    });
    expect(await (await app.request('/', { method: 'POST' })).json()).toEqual([
      null,
      'grace',
      { a: 1 },
      null,
    ]);
  });

  it('sessionMiddleware refuses a value that is not an engine, and unknown options', () => {
    expect(() => sessionMiddleware({ routes: 'all' } as never)).toThrow(
      /expected an engine as first argument/,
    );
    expect(() => sessionMiddleware(sessions, { clientIp: 'x' as never })).toThrow(
      /clientIp: expected a function/,
    );
    expect(() => sessionMiddleware(sessions, { route: 'all' } as never)).toThrow(UsageError);
  });

  it('the address comes from clientIp if that is set, and is absent without a socket', async () => {
    const clientIp = vi.fn(() => '203.0.113.7');
    const devices = [];
    for (const options of [{ clientIp }, {}]) {
      const app = new Hono().use(sessionMiddleware(sessions, options)).post('/', async (c) => {
        await c.var.sessions.start({ subject: 'ada' });
        return c.json(c.var.session?.device ?? null);
      });
      const answer = await app.request('/', {
        method: 'POST',
        headers: { 'X-Forwarded-For': '198.51.100.1', 'CF-Connecting-IP': '198.51.100.1' },
      });
      devices.push(await answer.json());
    }
    expect(devices).toEqual([{ ip: '203.0.113.7' }, {}]);
  });
});

describe('the place of mounting', () => {
  const middleware = () => sessionMiddleware(sessions, { routes: 'all' });
  it.each([
    ['everywhere', '/session', new Hono().use(middleware())],
    ['under a wildcard', '/api/session', new Hono().use('/api/*', middleware())],
    ['with a base path', '/api/v1/session', new Hono().basePath('/api/v1').use(middleware())],
    [
      'in a sub-application',
      '/api/session',
      new Hono().route('/api', new Hono().use('*', middleware())),
    ],
    [
      'in a mounted application',
      '/api/session',
      new Hono().mount('/api', new Hono().use(middleware()).fetch),
    ],
    [
      'below a parameter',
      '/t/acme/session',
      new Hono().use('/t/:tenant{[a-z]+/?}/*', middleware()),
    ],
  ])('a middleware mounted %s has its routes at %s', async (_where, path, app) => {
    const statuses = [];
    for (const route of ['/list', '/list/more', '']) {
      statuses.push((await app.request(path + route, { headers: ada })).status);
    }
    expect(statuses).toEqual([200, 404, 200]);
  });

  it('a path is compared as it was sent, although Hono decodes paths for its routes', async () => {
    const app = new Hono().use(middleware());
    expect((await app.request('/sessio%6e', { headers: ada })).status).toBe(404);
    expect((await app.request('/session?x=/y#z', { headers: ada })).status).toBe(200);
  });
});

describe('requireSession', () => {
  it('requireSession names the middleware that is missing before it', async () => {
    expect(await caught(requireSession())).toMatchObject({ code: 'middleware_missing' });
  });

  it('requireSession throws if where returns a promise', async () => {
    const guard = requireSession({ where: (async () => false) as never });
    expect(await caught(sessionMiddleware(sessions), guard)).toMatchObject({
      code: 'invalid_argument',
    });
  });
});

describe('sessionMiddleware', () => {
  it('sessionMiddleware refuses null as an engine', () => {
    expect(() => sessionMiddleware(null as never)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

describe('sessionErrors', () => {
  function failing(error: Error, handler = sessionErrors()) {
    const app = new Hono();
    app.get('/', (c) => {
      c.header('X-Early', '1');
      throw error;
    });
    return app.onError(handler).request('/');
  }

  it('sessionErrors leaves other errors to Hono, which prints them', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const error = new Error('other');
    const answer = await failing(error);
    expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error']);
    expect(answer.headers.get('X-Early')).toBe('1');
    expect(log).toHaveBeenCalledExactlyOnceWith(error);
  });

  it('sessionErrors uses the response of an HTTPException', async () => {
    const answer = await failing(new HTTPException(418, { message: 'a teapot' }));
    expect([answer.status, await answer.text()]).toEqual([418, 'a teapot']);
  });

  it('sessionErrors passes other errors to the given handler', async () => {
    const handler = sessionErrors((error, c) => c.text(error.message, 502));
    const answer = await failing(new Error('other'), handler);
    expect([answer.status, await answer.text()]).toEqual([502, 'other']);
  });

  it("sessionErrors responds to the library's errors, of a sub-application too", async () => {
    const sub = new Hono().use(sessionMiddleware(sessions)).post('/', async (c) => {
      await c.var.sessions.update({});
      return c.text('');
    });
    const { url, close } = await serve(new Hono().route('/sub', sub).onError(sessionErrors()));
    onTestFinished(close);
    const answer = await sendRequest(`${url}/sub`, { method: 'POST' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.headers['content-length']).toBe(String(answer.text.length));
  });
});
