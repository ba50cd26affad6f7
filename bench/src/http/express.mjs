// The same route on Express: bare, guarded by ours, and by what people mount there otherwise.
import { requireSession, sessionMiddleware } from '@sess/express';
import express from 'express';
import { createBetterAuth } from '../peers/better-auth.mjs';
import { expressSession, signIn } from '../peers/express-session.mjs';
import { cookieHeaders, ENGINES, idleHeaders, signInToEngine } from './engines.mjs';
import { bareVisits, PAGE_ENGINES, renderPage, visit, visitByCookie } from './visits.mjs';

function listen(app) {
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

const ours = Object.fromEntries(
  Object.entries(ENGINES).map(([name, makeEngine]) => [
    name,
    async (context) => {
      const sessions = await makeEngine(context);
      const app = express().use(sessionMiddleware(sessions));
      app.get(
        '/me',
        requireSession((req, res) => res.json({ user: req.session.subject })),
      );
      return { port: await listen(app), headers: await signInToEngine(sessions) };
    },
  ]),
);

export const variants = {
  async bare() {
    const app = express().get('/me', (_req, res) => res.json({ user: 'user-idle-000000' }));
    return { port: await listen(app), headers: [{}] };
  },
  async 'idle hook'() {
    const app = express().use((req, _res, next) => {
      req.presented = req.headers.authorization;
      next();
    });
    app.get('/me', (_req, res) => res.json({ user: 'user-idle-000000' }));
    return { port: await listen(app), headers: idleHeaders() };
  },
  ...ours,
  async 'express-session + connect-redis'({ nodeRedis }) {
    const middleware = expressSession(await nodeRedis());
    const app = express().use(middleware);
    app.get('/me', (req, res) => res.json({ user: req.session.subject }));
    const headers = await cookieHeaders('es', (subject) => signIn(middleware, subject));
    return { port: await listen(app), headers };
  },
  async 'better-auth'({ ioredis }) {
    const { auth, signIn: signUp } = createBetterAuth(await ioredis());
    const app = express().get('/me', async (req, res) => {
      const found = await auth.api.getSession({
        headers: new Headers({ cookie: req.headers.cookie }),
      });
      if (found === null) res.sendStatus(401);
      else res.json({ user: found.user.name });
    });
    return { port: await listen(app), headers: await cookieHeaders('ba', signUp) };
  },
};

const ourPages = Object.fromEntries(
  Object.entries(PAGE_ENGINES).map(([name, makeEngine]) => [
    name,
    async (context) => {
      const sessions = await makeEngine(context);
      const app = express().use(sessionMiddleware(sessions, { transport: 'cookie' }));
      app.get('/me', requireSession({ redirectTo: '/login' }), (req, res) => {
        res.send(renderPage(req.session));
      });
      return { port: await listen(app), headers: await visitByCookie(sessions) };
    },
  ]),
);

/** Pages by a session cookie; the peer comes last. */
export const pages = {
  async bare() {
    const app = express().get('/me', (_req, res) => res.send(renderPage()));
    return { port: await listen(app), headers: bareVisits() };
  },
  ...ourPages,
  async 'express-session + connect-redis'({ nodeRedis }) {
    const middleware = expressSession(await nodeRedis());
    const app = express().use(middleware);
    app.get('/me', (req, res) => {
      if (req.session.subject === undefined) res.redirect(303, '/login');
      else res.send(renderPage(req.session));
    });
    return {
      port: await listen(app),
      headers: await visit('es', (one) => signIn(middleware, one)),
    };
  },
};
