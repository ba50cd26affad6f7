// The same route on Hono, on its Node server.
import { serve } from '@hono/node-server';
import { requireSession, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import { jwt, sign } from 'hono/jwt';
import { createBetterAuth } from '../peers/better-auth.mjs';
import { honoSessions } from '../peers/hono-sessions.mjs';
import { sampleSession } from '../sample.mjs';
import { cookieHeaders, ENGINES, idleHeaders, signInToEngine, subjects } from './engines.mjs';
import { bareVisits, PAGE_ENGINES, renderPage, visit, visitByCookie } from './visits.mjs';

function listen(app) {
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port));
  });
}

const ours = Object.fromEntries(
  Object.entries(ENGINES).map(([name, makeEngine]) => [
    name,
    async (context) => {
      const sessions = await makeEngine(context);
      const app = new Hono()
        .use(sessionMiddleware(sessions))
        .get('/me', requireSession(), (c) => c.json({ user: c.get('session').subject }));
      return { port: await listen(app), headers: await signInToEngine(sessions) };
    },
  ]),
);

export const variants = {
  async bare() {
    const app = new Hono().get('/me', (c) => c.json({ user: 'user-idle-000000' }));
    return { port: await listen(app), headers: [{}] };
  },
  async 'idle hook'() {
    const app = new Hono().use(async (c, next) => {
      c.set('presented', c.req.header('authorization'));
      await next();
    });
    app.get('/me', (c) => c.json({ user: 'user-idle-000000' }));
    return { port: await listen(app), headers: idleHeaders() };
  },
  ...ours,
  async 'hono-sessions'({ ioredis }) {
    const { middleware, signIn } = honoSessions(await ioredis());
    const app = new Hono().use(middleware);
    app.get('/me', (c) => c.json({ user: c.get('session').get('subject') }));
    return { port: await listen(app), headers: await cookieHeaders('hs', signIn) };
  },
  async 'hono/jwt'() {
    const secret = 's'.repeat(32);
    const app = new Hono().use(jwt({ secret, alg: 'HS256' }));
    app.get('/me', (c) => c.json({ user: c.get('jwtPayload').subject }));
    const exp = Math.floor(Date.now() / 1000) + 3_600;
    const headers = await Promise.all(
      subjects('hj').map(async (subject) => {
        const { data } = sampleSession(subject);
        return { authorization: `Bearer ${await sign({ subject, data, exp }, secret)}` };
      }),
    );
    return { port: await listen(app), headers };
  },
  async 'better-auth'({ ioredis }) {
    const { auth, signIn } = createBetterAuth(await ioredis());
    const app = new Hono().get('/me', async (c) => {
      const found = await auth.api.getSession({ headers: c.req.raw.headers });
      return found === null ? c.text('', 401) : c.json({ user: found.user.name });
    });
    return { port: await listen(app), headers: await cookieHeaders('ba', signIn) };
  },
};

const ourPages = Object.fromEntries(
  Object.entries(PAGE_ENGINES).map(([name, makeEngine]) => [
    name,
    async (context) => {
      const sessions = await makeEngine(context);
      const app = new Hono()
        .use(sessionMiddleware(sessions, { transport: 'cookie' }))
        .get('/me', requireSession({ redirectTo: '/login' }), (c) =>
          c.html(renderPage(c.get('session'))),
        );
      return { port: await listen(app), headers: await visitByCookie(sessions) };
    },
  ]),
);

function peerPage(options) {
  return async ({ ioredis }) => {
    const { middleware, signIn } = honoSessions(await ioredis(), options);
    const app = new Hono().use(middleware);
    app.get('/me', (c) => {
      const session = c.get('session');
      const subject = session.get('subject');
      if (subject === null) return c.redirect('/login', 303);
      return c.html(renderPage({ subject, data: session.get('data') }));
    });
    return { port: await listen(app), headers: await visit('hs', signIn) };
  };
}

/** Pages by a session cookie; the peer comes last. */
export const pages = {
  async bare() {
    const app = new Hono().get('/me', (c) => c.html(renderPage()));
    return { port: await listen(app), headers: bareVisits() };
  },
  ...ourPages,
  'hono-sessions, id unencrypted': peerPage({}),
  'hono-sessions': peerPage({ encryptionKey: 's'.repeat(32) }),
};
