import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { runInThisContext } from 'node:vm';
import { createSessions, UsageError } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { signIn } from '@sess/testkit';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendRequest } from '../../../test/kit.js';

/** Starts an application; what reaches its last error handler is kept. */
async function start(mount: (app: Express) => void) {
  const app = express();
  const errors: unknown[] = [];
  mount(app);
  app.use(sessionErrors());
  const last: ErrorRequestHandler = (error, _req, res, _next) => {
    errors.push(error);
    if (!res.headersSent) res.status(500).json({});
  };
  app.use(last);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, errors };
}

const answer: RequestHandler = (req, res) => void res.json({ user: req.session?.subject ?? null });

/** Takes `req.session` as express-session does. */
const other: RequestHandler = (req, _res, next) => {
  Object.assign(req, { session: { cookie: {} } });
  next();
};

describe('sessionMiddleware', () => {
  it.each([
    ['after', [other, sessionMiddleware(createSessions())]],
    ['before', [sessionMiddleware(createSessions()), other]],
  ] as const)(
    'sessionMiddleware refuses to run if it is mounted %s another middleware that owns req.session',
    async (_order, both) => {
      const { url, errors } = await start((app) => app.use(...both, answer));
      expect((await sendRequest(url)).status).toBe(500);
      expect(errors).toEqual([expect.any(UsageError)]);
      expect(errors[0]).toMatchObject({ code: 'middleware_conflict' });
    },
  );

  describe('an assignment to req.session in code that is not in strict mode', () => {
    // A module is always strict. `vm` runs a script.
    const assign: RequestHandler = runInThisContext(
      '(req, res) => { req.session.views = 1; res.json({ views: req.session.views }); }',
    );
    const send = async (env: string) => {
      const sessions = createSessions();
      const { headers } = await signIn(sessions, { subject: 'ada' });
      const { url, errors } = await start((app) => {
        app.set('env', env);
        app.use(sessionMiddleware(sessions), assign);
      });
      return { ...(await sendRequest(url, { headers: Object.entries(headers) })), errors };
    };

    it('is refused in development, with a message that names update', async () => {
      const { status, errors } = await send('development');
      expect(status).toBe(500);
      expect(errors).toEqual([expect.any(UsageError)]);
      expect(String(errors[0])).toMatch(/req\.session\.views: .* await req\.sessions\.update/);
    });

    it('changes nothing in production', async () => {
      const { status, text } = await send('production');
      expect([status, text]).toEqual([200, '{}']);
    });
  });

  it.each(['development', 'production'])(
    'req.session has the same members in %s, and is one object',
    async (env) => {
      const sessions = createSessions();
      const { headers, session } = await signIn(sessions, { subject: 'ada' });
      const { url } = await start((app) => {
        app.set('env', env);
        app.use(sessionMiddleware(sessions), (req, res) => {
          expect(req.session).toBe(req.session);
          expect(structuredClone(req.session)).toEqual({ ...session });
          expect(inspect(req.session)).toBe(inspect(session));
          res.json(req.session);
        });
      });
      expect(
        JSON.parse((await sendRequest(url, { headers: Object.entries(headers) })).text),
      ).toEqual({ ...session });
    },
  );

  it('sessionMiddleware reads a header that an earlier middleware has set', async () => {
    const sessions = createSessions();
    const { headers } = await signIn(sessions, { subject: 'ada' });
    const set: RequestHandler = (req, _res, next) => {
      req.headers.authorization = headers.authorization;
      next();
    };
    const { url } = await start((app) => app.use(set, sessionMiddleware(sessions), answer));
    expect(JSON.parse((await sendRequest(url)).text)).toEqual({ user: 'ada' });
  });

  it.each([
    [false, 'http://evil.example', 403],
    [true, 'http://proxy.example:8080', 401],
    [true, 'http://proxy.example', 403],
  ])(
    'X-Forwarded-Host counts only behind a trusted proxy: %s, %s',
    async (trusted, origin, status) => {
      const { url } = await start((app) => {
        app.set('trust proxy', trusted);
        app.use(sessionMiddleware(createSessions()));
      });
      const forwarded = trusted ? 'proxy.example:8080' : 'evil.example';
      const headers = [
        ['Origin', origin],
        ['X-Forwarded-Host', forwarded],
      ] as const;
      const sent = await sendRequest(`${url}/session/refresh`, { method: 'POST', headers });
      expect(sent.status).toBe(status);
    },
  );

  it('start rejects with a hint to await it if the response has been sent', async () => {
    const failures: unknown[] = [];
    const { url } = await start((app) => {
      app.use(sessionMiddleware(createSessions()));
      app.post('/login', (req, res) => {
        const started = req.sessions.start({ subject: 'ada' });
        res.json({});
        started.catch((error: unknown) => failures.push(error));
      });
    });
    await sendRequest(`${url}/login`, { method: 'POST' });
    await expect
      .poll(() => failures)
      .toMatchObject([{ code: 'answer_sent', message: /Await start\(\)/ }]);
  });
});

describe('requireSession', () => {
  it('requireSession names the middleware that is missing before it', async () => {
    const { url, errors } = await start((app) => app.use(requireSession(), answer));
    expect((await sendRequest(url)).status).toBe(500);
    expect(errors[0]).toMatchObject({ code: 'middleware_missing' });
  });

  it('requireSession throws if where returns a promise', async () => {
    const sessions = createSessions();
    const { headers } = await signIn(sessions, { subject: 'ada' });
    const where = (async () => false) as never;
    const { url, errors } = await start((app) =>
      app.use(sessionMiddleware(sessions), requireSession({ where }), answer),
    );
    const lines = [['Authorization', headers.authorization]] as const;
    expect((await sendRequest(url, { headers: lines })).status).toBe(500);
    expect(errors[0]).toMatchObject({ code: 'invalid_argument' });
  });
});

it('headers that a middleware has set before stay on refusals and on session routes [responses.kept]', async () => {
  const policy = "default-src 'none'";
  const { url } = await start((app) => {
    app.use((_req, res, next) => {
      res.setHeader('Content-Security-Policy', policy);
      next();
    });
    app.use(sessionMiddleware(createSessions(), { transport: 'cookie' }));
    app.get('/page', requireSession({ redirectTo: '/sign-in' }), answer);
  });
  const sent = await Promise.all([
    sendRequest(`${url}/page`, { headers: [['Sec-Fetch-Mode', 'navigate']] }),
    sendRequest(`${url}/page`, { headers: [['Sec-Fetch-Mode', 'cors']] }),
    sendRequest(`${url}/session/refresh`, { method: 'POST' }),
  ]);
  expect(sent.map(({ status }) => status)).toEqual([303, 401, 401]);
  for (const { headers } of sent) expect(headers['content-security-policy']).toBe(policy);
});
