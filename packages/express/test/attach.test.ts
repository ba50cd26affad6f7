import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/express';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';

async function listen(app: Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const createApplication = (environment = 'production') => express().set('env', environment);
const show: RequestHandler = (req, res) => void res.json({ user: req.session?.subject ?? null });

async function createVisitor() {
  const sessions = createSessions();
  const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
  const headers = { authorization: `Bearer ${accessToken}` };
  return { sessions, headers, cookie: { cookie: `__Host-sess=${refreshToken}` } };
}

/** As `on-headers` does it. */
const wrap: RequestHandler = (_req, res, next) => {
  const { writeHead } = res;
  res.writeHead = ((...parameters: Parameters<typeof writeHead>) => {
    res.setHeader('Cache-Control', 'public');
    return Reflect.apply(writeHead, res, parameters);
  }) as typeof writeHead;
  next();
};

describe('a session that is attached to a request', () => {
  it.each([
    ['production', false],
    ['test', true],
    ['development', true],
  ])('in %s, the request and the response have own properties for it: %s', async (name, isOwn) => {
    const { sessions, cookie } = await createVisitor();
    const app = createApplication(name).use(sessionMiddleware(sessions, { transport: 'cookie' }));
    let seen: readonly boolean[] = [];
    app.get('/', requireSession(), (req, res) => {
      void req.session?.subject;
      seen = [
        Object.hasOwn(req, 'session'),
        Object.hasOwn(req, 'sessions'),
        Object.hasOwn(res, 'writeHead'),
      ];
      res.send('page');
    });
    const response = await fetch(await listen(app), { headers: cookie });
    expect(response.headers.get('cache-control')).toContain('no-cache');
    expect(seen).toEqual([isOwn, isOwn, isOwn]);
  });

  it('where the middleware does not run, req.session is free for others', async () => {
    const { sessions, headers } = await createVisitor();
    const app = createApplication();
    app.use('/api', sessionMiddleware(sessions), show);
    app.use((req, res) => {
      const before = [req.session, req.sessions];
      Object.assign(req, { session: { own: 1 }, sessions: { own: 2 } });
      res.json([...before.map((value) => value === undefined), req.session, req.sessions]);
    });
    const url = await listen(app);
    expect(await (await fetch(`${url}/api`, { headers })).json()).toEqual({ user: 'ada' });
    expect(await (await fetch(url, { headers })).json()).toEqual([
      true,
      true,
      { own: 1 },
      { own: 2 },
    ]);
  });

  it('stays when the request leaves the mounted application whose middleware attached it', async () => {
    const { sessions, cookie } = await createVisitor();
    const mounted = createApplication().use(sessionMiddleware(sessions, { transport: 'cookie' }));
    const app = createApplication().use('/', mounted);
    app.get('/', requireSession(), (req, res) => {
      res.set('Cache-Control', 'public').json({ user: req.session?.subject });
    });
    const response = await fetch(await listen(app), { headers: cookie });
    expect(await response.json()).toEqual({ user: 'ada' });
    expect(response.headers.get('cache-control')).not.toContain('public');
  });

  it('is seen in an application that served by itself before it was mounted', async () => {
    const { sessions, headers } = await createVisitor();
    const mounted = createApplication().use(sessionMiddleware(sessions));
    const own = await listen(mounted);
    expect((await fetch(own, { headers })).status).toBe(404);
    const url = await listen(createApplication().use('/', mounted).use(show));
    expect(await (await fetch(url, { headers })).json()).toEqual({ user: 'ada' });
  });

  it('is seen on an object that inherits from the request', async () => {
    const { sessions, headers } = await createVisitor();
    const app = createApplication().use(sessionMiddleware(sessions));
    app.get('/', (req, res) => {
      const derived = Object.create(req) as Request;
      res.json({ user: derived.session?.subject, same: derived.sessions === req.sessions });
    });
    const response = await fetch(await listen(app), { headers });
    expect(await response.json()).toEqual({ user: 'ada', same: true });
  });

  it('is attached where the prototype of requests has such a property', async () => {
    const { sessions, headers } = await createVisitor();
    const app = createApplication();
    Object.assign(app.request, { session: undefined });
    app.use(sessionMiddleware(sessions), requireSession(), show);
    const response = await fetch(await listen(app), { headers });
    expect(await response.json()).toEqual({ user: 'ada' });
  });

  it('is refused to a handler if a second middleware of the engine finds another session', async () => {
    const { sessions, headers } = await createVisitor();
    const app = createApplication().use(sessionMiddleware(sessions));
    app.use((req, _res, next) => {
      Object.defineProperty(req, 'session', { value: { subject: 'mallory' } });
      next();
    });
    app.use(sessionMiddleware(sessions), show);
    const seen: unknown[] = [];
    app.use(((error, _req, res, _next) => {
      seen.push(error);
      res.sendStatus(500);
    }) satisfies ErrorRequestHandler);
    expect((await fetch(await listen(app), { headers })).status).toBe(500);
    expect(seen).toEqual([expect.objectContaining({ code: 'middleware_conflict' })]);
  });
});

describe('req.sessions in production', () => {
  it.each([
    ['before', 200],
    ['after', 500],
  ])(
    'has an owner: a middleware that defines it %s the session middleware',
    async (where, status) => {
      const { sessions, headers } = await createVisitor();
      const other: RequestHandler = (req, _res, next) => {
        Object.defineProperty(req, 'sessions', { value: {}, configurable: true });
        next();
      };
      const own = sessionMiddleware(sessions);
      const app = createApplication().use(...(where === 'before' ? [other, own] : [own, other]));
      app.use(requireSession(), show);
      app.use(((_error, _req, res, _next) => {
        res.sendStatus(500);
      }) satisfies ErrorRequestHandler);
      expect((await fetch(await listen(app), { headers })).status).toBe(status);
    },
  );

  it('cannot be replaced for all requests once it is there', async () => {
    const { sessions, headers } = await createVisitor();
    const app = createApplication().use(sessionMiddleware(sessions), show);
    await fetch(await listen(app), { headers });
    expect(() => Object.assign(app.request, { session: { subject: 'mallory' } })).toThrow(
      'Cannot redefine property',
    );
  });
});

describe('the head of a response', () => {
  const page: RequestHandler = (req, res) => {
    void req.session?.subject;
    res.set('Cache-Control', 'public').send('page');
  };

  it.each([
    ['before', (own: RequestHandler) => [wrap, own]],
    ['after', (own: RequestHandler) => [own, wrap]],
  ])('holds against a middleware that wraps writeHead and is mounted %s', async (_where, order) => {
    const { sessions, cookie } = await createVisitor();
    const own = sessionMiddleware(sessions, { transport: 'cookie' });
    const url = await listen(createApplication().use(...order(own), requireSession(), page));
    // The first request adds to the application, the later ones find it.
    for (let times = 0; times < 3; times += 1) {
      const { headers } = await fetch(url, { headers: cookie });
      expect(headers.get('cache-control')).not.toContain('public');
    }
  });

  it('holds in the application whose prototype of responses has an own writeHead', async () => {
    const { sessions, cookie } = await createVisitor();
    const app = createApplication();
    const { writeHead } = app.response;
    app.response.writeHead = function (this: Response, ...parameters: unknown[]) {
      this.setHeader('X-Own', '1');
      return Reflect.apply(writeHead, this, parameters);
    } as typeof writeHead;
    app.use(sessionMiddleware(sessions, { transport: 'cookie' }), requireSession(), page);
    const { headers } = await fetch(await listen(app), { headers: cookie });
    expect(headers.get('x-own')).toBe('1');
    expect(headers.get('cache-control')).not.toContain('public');
  });

  it('has what two middlewares of the same engine set', async () => {
    const { sessions, cookie } = await createVisitor();
    const app = createApplication().use(sessionMiddleware(sessions, { transport: 'cookie' }));
    app.post('/', async (req, _res, next) => {
      await req.sessions.elevate();
      next();
    });
    app.use(sessionMiddleware(sessions, { transport: 'cookie' }), (_req, res) => {
      res.removeHeader('Set-Cookie');
      res.send('page');
    });
    const headers = { ...cookie, 'sec-fetch-site': 'same-origin' };
    const response = await fetch(await listen(app), { method: 'POST', headers });
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it('is sent once: a second call of writeHead throws what Node throws', async () => {
    const { sessions, cookie } = await createVisitor();
    const app = createApplication().use(sessionMiddleware(sessions, { transport: 'cookie' }));
    app.get('/', requireSession(), (req, res) => {
      void req.session?.subject;
      res.writeHead(200);
      try {
        res.writeHead(500);
      } catch (error) {
        res.end((error as { readonly code: string }).code);
      }
    });
    const response = await fetch(await listen(app), { headers: cookie });
    expect([response.status, await response.text()]).toEqual([200, 'ERR_HTTP_HEADERS_SENT']);
  });

  it('is not changed for requests without a session middleware', async () => {
    const { sessions, headers } = await createVisitor();
    const app = createApplication();
    app.use('/api', sessionMiddleware(sessions), show).use(page);
    const url = await listen(app);
    await fetch(`${url}/api`, { headers });
    expect((await fetch(url, { headers })).headers.get('cache-control')).toBe('public');
  });
});
