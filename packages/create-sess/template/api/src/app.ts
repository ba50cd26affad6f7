import type { Sessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express, { type Express } from 'express';
import { checkPassword } from './users.js';

export function createApp(sessions: Sessions): Express {
  const app = express();
  // Serves POST /session/refresh, /session/logout, GET /session/list and others.
  app.use(sessionMiddleware(sessions, { routes: 'all' }), express.json());

  app.post('/login', async (req, res) => {
    const { email, password } = req.body ?? {};
    const subject = await checkPassword(email, password);
    if (subject === undefined) {
      res.status(401).json({ detail: 'The address or the password is wrong.' });
      return;
    }
    // The refresh token is in a cookie, the access token in the response.
    res.json(await req.sessions.start({ subject }));
  });

  app.get('/me', requireSession(), (req, res) => {
    res.json({ user: req.session?.subject });
  });

  app.use(sessionErrors());
  return app;
}
