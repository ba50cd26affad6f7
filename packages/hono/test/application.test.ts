import { createSessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { signIn } from '@sess/testkit';
import { Hono, type MiddlewareHandler } from 'hono';
import { describe, expect, it } from 'vitest';

const ORIGIN = 'https://api.example';

/** Shows errors as their code. */
function showErrors<App extends Hono<SessionEnv>>(app: App): App {
  app.onError(sessionErrors((error, c) => c.text((error as { code?: string }).code ?? '', 500)));
  return app;
}

describe('session routes', () => {
  const sessions = createSessions();
  const byHost = (request: Request) => {
    const { host, pathname } = new URL(request.url);
    return `/${host}${pathname}`;
  };
  const withoutStage = (request: Request) =>
    new URL(request.url).pathname.replace(/^\/stage/, '') || '/';
  const sub = (base: string) =>
    new Hono<SessionEnv>().route(base, new Hono<SessionEnv>().use(sessionMiddleware(sessions)));

  it.each([
    [
      'by host',
      new Hono<SessionEnv>({ getPath: byHost }).use('/api.example/*', sessionMiddleware(sessions)),
      '/session/refresh',
      '/anything/session/refresh',
    ],
    [
      'below a stage that is cut off',
      new Hono<SessionEnv>({ getPath: withoutStage }).use(sessionMiddleware(sessions)),
      '/stage/session/refresh',
      '/other/session/refresh',
    ],
    ['in a routed application', sub('/api'), '/api/session/refresh', '/session/refresh'],
    ['below a parameter', sub('/:tenant'), '/a/session/refresh', '/a/b/session/refresh'],
    [
      'below a base path',
      new Hono<SessionEnv>().basePath('/v1').use(sessionMiddleware(sessions)),
      '/v1/session/refresh',
      '/session/refresh',
    ],
  ])(
    'the session routes are where the middleware is mounted: %s',
    async (_where, app, here, elsewhere) => {
      const post = (path: string) => app.request(ORIGIN + path, { method: 'POST' });
      expect((await post(here)).status).toBe(401);
      expect((await post(elsewhere)).status).toBe(404);
      // Percent encodings stay: the path is not another spelling of a session route.
      expect((await post(here.replace('refresh', '%72efresh%2F'))).status).toBe(404);
    },
  );

  it.each([
    [true, 404],
    [false, 401],
  ])(
    'the session routes match a trailing slash as the router does: strict %s',
    async (strict, status) => {
      const app = new Hono<SessionEnv>({ strict }).use(sessionMiddleware(sessions));
      const answer = await app.request('/session/refresh/', { method: 'POST' });
      expect(answer.status).toBe(status);
    },
  );
});

describe('a second middleware on one request', () => {
  it.each(['session', 'sessions'] as const)(
    'a middleware that sets c.var.%s is refused, before the guard and after it',
    async (name) => {
      const sessions = createSessions();
      const { headers } = await signIn(sessions, { subject: 'ada' });
      const takeOver: MiddlewareHandler = async (c, next) => {
        c.set(name, { subject: 'mallory' });
        await next();
      };
      for (const chain of [
        [takeOver, requireSession()],
        [requireSession(), takeOver],
      ] as const) {
        const app = showErrors(new Hono<SessionEnv>().use(sessionMiddleware(sessions)));
        app.use(...(chain as readonly MiddlewareHandler[] as [MiddlewareHandler]));
        app.get('/', (c) => c.text(c.var.session?.subject ?? ''));
        const answer = await app.request('/', { headers });
        expect([answer.status, await answer.text()]).toEqual([500, 'middleware_conflict']);
      }
    },
  );

  it('a second engine is refused when its middleware runs', async () => {
    const app = showErrors(
      new Hono<SessionEnv>()
        .use('/admin/*', sessionMiddleware(createSessions()))
        .use(sessionMiddleware(createSessions())),
    );
    app.get('*', (c) => c.text('open'));
    const answer = await app.request('/admin/secret');
    expect([answer.status, await answer.text()]).toEqual([500, 'middleware_conflict']);
    expect((await app.request('/public')).status).toBe(200);
  });

  it('the same engine is accepted twice', async () => {
    const sessions = createSessions();
    const { headers } = await signIn(sessions, { subject: 'ada' });
    const app = showErrors(new Hono<SessionEnv>().use(sessionMiddleware(sessions)));
    app.use('/api/*', sessionMiddleware(sessions, { routes: 'all' }), requireSession());
    app.get('/api/me', (c) => c.text(c.var.session?.subject ?? ''));
    expect(await (await app.request('/api/me', { headers })).text()).toBe('ada');
    expect((await app.request('/api/session/list', { headers })).status).toBe(200);
  });
});

describe('a factory that is passed without parentheses', () => {
  it.each([
    ['sessionMiddleware', (app: Hono) => app.use(sessionMiddleware as never)],
    ['requireSession', (app: Hono) => app.use(requireSession as never)],
    [
      'sessionErrors',
      (app: Hono) =>
        app.get('/', () => {
          throw sessionErrorsAsHandler();
        }),
    ],
  ])('%s without parentheses is refused with the repair', async (name, mount) => {
    const messages: string[] = [];
    const app = new Hono();
    app.onError((error, c) => {
      messages.push(error.message);
      return c.text('', 500);
    });
    mount(app);
    await app.request('/');
    expect(messages).toEqual([expect.stringContaining(`${name}(`)]);
  });

  function sessionErrorsAsHandler(): unknown {
    try {
      return sessionErrors(new Error('of a route') as never);
    } catch (error) {
      return error;
    }
  }
});
