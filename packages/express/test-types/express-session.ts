/* An application that moves from express-session route by route: both are mounted, on separate paths. */
import { createSessions } from '@sess/core';
import {
  requireSession,
  sessionErrors,
  sessionMiddleware,
  sessionsOf,
} from '@sess/express/unaugmented';
import express from 'express';
import session from 'express-session';

declare module 'express-session' {
  interface SessionData {
    userId: string;
  }
}

const app = express();
app.use('/old', session({ secret: 'of the old application', resave: false }));
app.get('/old/me', (req, res) => {
  const user: string | undefined = req.session.userId;
  req.session.userId = 'ada';
  // @ts-expect-error the old session has no such member
  req.session.subject;
  res.json({ user });
});

const sessions = createSessions<{ role: 'user' | 'admin' }>();
app.use('/api', sessionMiddleware(sessions, { routes: 'all' }));
app.post('/api/login', async (req, res) => {
  const started = await sessionsOf<{ role: 'user' | 'admin' }>(req).start({
    subject: 'ada',
    data: { role: 'user' },
  });
  res.json(started);
});
app.get(
  '/api/me/:part',
  requireSession<{ role: 'user' | 'admin' }>(async (req, res) => {
    const subject: string = req.session.subject;
    const role: 'user' | 'admin' = req.session.data.role;
    await req.sessions.update({ role: 'admin' });
    // @ts-expect-error there is no such role
    await req.sessions.update({ role: 'root' });
    res.json({ subject, role, session: sessionsOf(req).session?.sid });
  }),
);
app.use(sessionErrors());
