import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import type { HostSetup } from '@sess/testkit/suites';
import { type Context, Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { stream } from 'hono/streaming';
import type { RunningHost } from '../../../test/kit.js';

/** Serves an application on a port of its own. */
export async function serve(app: Pick<Hono, 'fetch'>): Promise<RunningHost> {
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const allowCaching = (kind: string) => ({
  'X-Kind': kind,
  'Cache-Control': 'public',
  'CDN-Cache-Control': 'public',
});

/** The application that the adapter suite asks for. */
function createApp({ sessions, options, gate }: HostSetup): Hono<SessionEnv> {
  const app = new Hono<SessionEnv>();
  app.use('/login/head', async (c, next) => {
    await next();
    // A middleware that is mounted before the session middleware comes after it here.
    for (const [name, value] of Object.entries(allowCaching('head'))) c.header(name, value);
  });
  app.use('/login/list', async (c, next) => {
    await next();
    const headers = new Headers([...c.res.headers, ...Object.entries(allowCaching('list'))]);
    headers.delete('Set-Cookie');
    headers.append('Set-Cookie', 'late=1');
    c.res = undefined;
    c.res = new Response('ok', { headers });
  });
  app.use(sessionMiddleware(sessions, options));
  app.on(['GET', 'POST'], '/session/own', (c) => c.json({ own: true }));
  app.post('/tamper', requireSession(), async (c) => {
    try {
      Object.assign(c.var.session, await c.req.json());
    } catch {
      // The session is frozen: what counts is what `elevate` does afterwards.
    }
    return c.json(await c.var.sessions.elevate());
  });

  app.post('/login', async (c) => {
    const { user, keep = [] } = await c.req.json();
    return c.json(await c.var.sessions.start({ subject: user, keep }));
  });
  app.post('/logout-here', async (c) => {
    await c.var.sessions.end();
    return c.body(null, 204);
  });
  app.get('/public', (c) => {
    const caching = c.req.query('caching');
    if (caching !== undefined) {
      c.header('Cache-Control', caching);
      c.header('CDN-Cache-Control', 'max-age=60');
    }
    c.header('X-Own-Host', c.req.header('host'));
    return c.json({ user: c.var.session?.subject ?? null });
  });
  app.get('/file', (c) =>
    c.text('file', 200, {
      'Cache-Control': 'public, max-age=60',
      'CDN-Cache-Control': 'max-age=60',
    }),
  );
  app.get('/tag', requireSession(), (c) => {
    c.header('ETag', '"1"');
    return c.req.header('if-none-match') === '"1"' ? c.body(null, 304) : c.text('page');
  });
  app.get('/feed', requireSession(), (c) => streamed(c));
  app.get('/me', requireSession(), (c) => c.json(c.var.session));
  app.patch('/me', requireSession(), async (c) =>
    c.json(await c.var.sessions.update(await c.req.json())),
  );
  app.post('/reauth', requireSession(), async (c) => c.json(await c.var.sessions.elevate()));
  app.post('/transfer', requireSession({ authenticatedWithin: '5m' }), (c) => c.json({ ok: true }));
  app.get('/bound', requireSession({ bound: true }), (c) => c.json({ ok: true }));
  app.get('/admin', requireSession({ where: ({ subject }) => subject === 'admin' }), (c) =>
    c.json({ ok: true }),
  );
  app.get('/page', requireSession({ redirectTo: '/sign-in' }), (c) => {
    const caching = c.req.query('caching');
    if (caching !== undefined) c.header('Cache-Control', `${caching}, max-age=60`);
    return c.text('page');
  });
  app.get('/guest', (c) => c.json({ data: c.var.sessions.guest.data }));
  app.patch('/guest', async (c) => {
    const { data } = await c.var.sessions.guest.update(await c.req.json());
    return c.json({ data });
  });
  app.post('/put', async (c) => {
    const { name, value } = await c.req.json();
    await c.var.sessions.put(name, value);
    return c.body(null, 204);
  });
  app.post('/take', async (c) => {
    const value = await c.var.sessions.take((await c.req.json()).name);
    return c.json({ value: value ?? null });
  });
  app.use('/form', async (c, next) => {
    await c.req.parseBody();
    await next();
  });
  app.post('/form', requireSession(), (c) => c.json({ ok: true }));
  app.post('/race', requireSession(), async (c) => {
    await gate();
    return c.json(await c.var.sessions.update(await c.req.json()));
  });
  app.post('/login/:kind', async (c) => {
    setCookie(c, 'app', '1', { path: '/' });
    const kind = c.req.param('kind');
    const tokens = await c.var.sessions.start(
      { subject: (await c.req.json()).user },
      kind === 'provider' ? { origins: ['https://id.example'] } : {},
    );
    c.header('Set-Cookie', 'late=1', { append: true });
    return answer(c, kind, tokens);
  });
  app.onError(sessionErrors((_error, c) => c.json({}, 500)));
  return app;
}

function answer(c: Context, kind: string, tokens: object): Response {
  if (kind === 'public') return c.text('ok', 200, allowCaching(kind));
  if (kind === 'head' || kind === 'list') return c.text('ok');
  if (kind === 'json' || kind === 'provider') return c.json(tokens);
  if (kind === 'redirect') return c.redirect('/public');
  if (kind === 'throw') throw new Error('after the sign-in');
  return streamed(c);
}

function streamed(c: Context): Response {
  return stream(c, async (out) => {
    await out.write('one');
    await out.write('two');
  });
}

export const startHost = (setup: HostSetup): Promise<RunningHost> => serve(createApp(setup));
