/* An application of express-session, on the face of it. The same program has routes of the other form. */
import { createSessions } from '@sess/core';
import { requireSession as guard, sessionMiddleware } from '@sess/express';
import { session } from '@sess/express/classic';
import { requireSession, sessionErrors, sessionsOf } from '@sess/express/unaugmented';
import express from 'express';

declare module '@sess/express/classic' {
  interface SessionData {
    cart: string[];
    userId: number;
  }
}

const sessions = createSessions();
const app = express();
app.use(
  '/old',
  session(sessions, {
    subject: (data) => data.passport?.user ?? data.userId?.toString(),
    cookie: { maxAge: 60_000 },
  }),
);
app.post('/old/cart', async (req, res, next) => {
  req.session.cart = [...(req.session.cart ?? []), String(req.body.item)];
  req.session.cookie.maxAge = 60_000;
  const id: string = req.session.id;
  const sid: string = req.sessionID;
  // @ts-expect-error the application declares no such member
  req.session.basket;
  // @ts-expect-error the member is an array
  req.session.cart = 'tea';
  await req.session.save();
  req.session.regenerate((error) => (error ? next(error) : res.json({ id, sid })));
});
app.get('/old/devices', requireSession(), async (req, res) => {
  res.json(await req.sessions.list());
});
app.use('/api', sessionMiddleware(sessions));
app.get('/api/me', guard(), (req, res) => res.json(sessionsOf(req).session?.subject));
app.use(sessionErrors());

// @ts-expect-error `subject` is required
session(sessions, {});
// @ts-expect-error the id of a user has to be a string
session(sessions, { subject: (data) => data.userId });
// @ts-expect-error tokens are not signed
session(sessions, { subject: () => undefined, secret: 'none' });
