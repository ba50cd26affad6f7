// The same route on Express: bare, guarded by ours, and by what people mount there otherwise.
import { requireSession, sessionMiddleware } from '@sess/express';
import express from 'express';
import { createBetterAuth } from '../peers/better-auth.mjs';
import { expressSession, signIn } from '../peers/express-session.mjs';
import {
  cookieHeaders,
  ENGINES,
  idleHeaders,
  makePagesEngine,
  signInByCookie,
  signInToEngine,
} from './engines.mjs';

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
  async 'ours, session cookie'(context) {
    const sessions = await makePagesEngine(context);
    const app = express().use(sessionMiddleware(sessions, { transport: 'cookie' }));
    app.get(
      '/me',
      requireSession((req, res) => res.json({ user: req.session.subject })),
    );
    return { port: await listen(app), headers: await signInByCookie(sessions) };
  },
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
