import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { signIn } from '@sess/testkit';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendRequest } from '../../../test/kit.js';

const FRAMEWORKS = [
  ['Express 5', express, 'test'],
  ['Express 5 in production', express, 'production'],
  ['Express 4', express4 as unknown as typeof express, 'test'],
] as const;

/** Starts an application. Errors are shown as their code and message. */
async function start(create: () => Express, mount: (app: Express) => void) {
  const app = create();
  mount(app);
  const last: ErrorRequestHandler = (error, _req, res, _next) =>
    void res.status(500).json({ code: error.code, message: error.message });
  app.use(sessionErrors(), last);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const show: RequestHandler = (req, res) => void res.json({ user: req.session?.subject ?? null });
const bodyOf = ({ text }: { readonly text: string }) => JSON.parse(text) as Record<string, unknown>;

/** Redefines `req.session` as cookie-session does, or assigns it as express-session does. */
const TAKEOVERS: readonly (readonly [string, RequestHandler])[] = [
  [
    'an accessor',
    (req, _res, next) => {
      const get = () => ({ subject: 'mallory' });
      Object.defineProperty(req, 'session', { configurable: true, enumerable: true, get });
      next();
    },
  ],
  [
    'a value',
    (req, _res, next) => {
      Object.defineProperty(req, 'session', { value: { subject: 'mallory' } });
      next();
    },
  ],
  [
    'an assignment',
    (req, _res, next) => {
      Object.assign(req, { session: { subject: 'mallory' } });
      next();
    },
  ],
];

describe.each(FRAMEWORKS)('%s', (_name, createApplication, environment) => {
  const framework = () => createApplication().set('env', environment);

  describe('a later middleware that takes req.session over', () => {
    it.each(TAKEOVERS)('the middleware is refused before the guard: %s', async (_by, takeOver) => {
      const sessions = createSessions();
      const { headers } = await signIn(sessions, { subject: 'ada' });
      const url = await start(framework, (app) =>
        app.use(sessionMiddleware(sessions), takeOver, requireSession(), show),
      );
      const lines = [['Authorization', headers.authorization]] as const;
      const answer = await sendRequest(url, { headers: lines });
      expect([answer.status, bodyOf(answer)['code']]).toEqual([500, 'middleware_conflict']);
    });

    // In production, only what assigns is seen there. Its application was refused in development.
    const seen = environment === 'production' ? TAKEOVERS.slice(-1) : TAKEOVERS;
    it.each(seen)('the middleware is refused after the guard: %s', async (_by, takeOver) => {
      const sessions = createSessions();
      const { headers } = await signIn(sessions, { subject: 'ada' });
      const url = await start(framework, (app) =>
        app.use(sessionMiddleware(sessions), requireSession(), takeOver, show),
      );
      const lines = [['Authorization', headers.authorization]] as const;
      const answer = await sendRequest(url, { headers: lines });
      expect([answer.status, bodyOf(answer)['code']]).toEqual([500, 'middleware_conflict']);
    });
  });

  describe('two engines on one path', () => {
    it('the second engine is refused when its middleware runs', async () => {
      const url = await start(framework, (app) => {
        app.use('/admin', sessionMiddleware(createSessions()));
        app.use(sessionMiddleware(createSessions()), show);
      });
      const admin = await sendRequest(`${url}/admin/secret`);
      expect([admin.status, bodyOf(admin)['code']]).toEqual([500, 'middleware_conflict']);
      expect((await sendRequest(`${url}/public`)).status).toBe(200);
    });

    it('the same engine is accepted twice, with the routes of both mounts', async () => {
      const sessions = createSessions();
      const { headers } = await signIn(sessions, { subject: 'ada' });
      const url = await start(framework, (app) => {
        app.use(sessionMiddleware(sessions));
        app.use('/api', sessionMiddleware(sessions, { routes: 'all' }), requireSession(), show);
      });
      const lines = [['Authorization', headers.authorization]] as const;
      expect(bodyOf(await sendRequest(`${url}/api/me`, { headers: lines }))).toEqual({
        user: 'ada',
      });
      expect((await sendRequest(`${url}/api/session/list`, { headers: lines })).status).toBe(200);
    });
  });

  describe('a refresh token in a body that another parser has read', () => {
    it.each([
      ['bytes', express.raw({ type: '*/*' })],
      ['text', express.text({ type: '*/*' })],
      ['JSON', express.json()],
    ] as const)('the refresh token is found in %s', async (_as, parser) => {
      const sessions = createSessions();
      const { refreshToken } = await sessions.create({ subject: 'ada' });
      const url = await start(framework, (app) =>
        app.use(parser, sessionMiddleware(sessions, { refreshTransport: 'body' })),
      );
      const body = { refresh_token: refreshToken };
      const answer = await sendRequest(`${url}/session/refresh`, { method: 'POST', body });
      expect(answer.status).toBe(200);
      const out = await sendRequest(`${url}/session/logout`, { method: 'POST', body });
      expect(out.status).toBe(204);
      expect(await sessions.list('ada')).toEqual([]);
    });

    it.each(['/session/refresh', '/session/logout'])(
      'a body of which nothing is left is refused, not read as absent, at %s',
      async (path) => {
        const sessions = createSessions();
        const { refreshToken } = await sessions.create({ subject: 'ada' });
        const url = await start(framework, (app) =>
          app.use(
            (req, _res, next) => void req.resume().on('end', () => next()),
            sessionMiddleware(sessions, { refreshTransport: 'body' }),
          ),
        );
        const body = { refresh_token: refreshToken };
        expect((await sendRequest(url + path, { method: 'POST', body })).status).toBe(400);
      },
    );
  });

  it.each([
    [false, 401],
    [true, 404],
  ])('a trailing slash matches as in the router: strict routing %s', async (isStrict, status) => {
    const url = await start(framework, (app) => {
      app.set('strict routing', isStrict);
      app.use(sessionMiddleware(createSessions()));
    });
    const answer = await sendRequest(`${url}/session/refresh/`, { method: 'POST' });
    expect(answer.status).toBe(status);
  });

  it.each([
    ['sessionErrors', (app: Express) => app.use(sessionErrors as never)],
    ['requireSession', (app: Express) => app.use(requireSession as never)],
    ['sessionMiddleware', (app: Express) => app.use(sessionMiddleware as never)],
  ])('the response names the repair if %s is mounted without parentheses', async (name, mount) => {
    const url = await start(framework, (app) => {
      if (name !== 'sessionMiddleware') app.use(sessionMiddleware(createSessions()));
      mount(app);
    });
    const answer = await sendRequest(url);
    expect(bodyOf(answer)).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(`${name}(`),
    });
  });
});

it('sessionMiddleware reads the token of a request without rawHeaders', async () => {
  const sessions = createSessions();
  const { headers } = await signIn(sessions, { subject: 'ada' });
  const req = {
    ...{ method: 'GET', url: '/me', originalUrl: '/me', path: '/me', protocol: 'https' },
    headers,
    app: { get: () => undefined },
  };
  const outcome = await new Promise((resolve) => {
    void sessionMiddleware(sessions)(req as never, {} as never, resolve as never);
  });
  expect(outcome).toBeUndefined();
  expect(req).toHaveProperty('session.subject', 'ada');
});
