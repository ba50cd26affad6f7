/* The types of a route stay with a handler that is passed to requireSession. */
import { createSessions, type RegisteredData } from '@sess/core';
import { type GuardedRequest, requireSession, sessionMiddleware } from '@sess/express';
import express from 'express';

const app = express();
app.use(sessionMiddleware(createSessions<{ role: 'user' | 'admin' }>()));

app.get('/orders/:id', requireSession(), (req, res) => {
  const id: string = req.params.id;
  // @ts-expect-error there is no such parameter
  req.params.other;
  res.json({ id });
});
app.get(
  '/orders/:id/lines',
  requireSession((req: GuardedRequest<RegisteredData, { id: string }>, res) => {
    const id: string = req.params.id;
    res.json({ id, subject: req.session.subject });
  }),
);
app.get(
  '/admin/:id',
  requireSession<{ role: 'user' | 'admin' }, { id: string }>(
    { where: ({ data }) => data.role === 'admin' },
    (req, res) => {
      const role: 'user' | 'admin' = req.session.data.role;
      const id: string = req.params.id;
      res.json({ id, role });
    },
  ),
);
app.post<
  '/payments/:id',
  { id: string },
  { paid: boolean },
  { amount: number },
  { dry: string },
  { rate: number }
>(
  '/payments/:id',
  requireSession({ authenticatedWithin: '5m' }, (req, res) => {
    const id: string = req.params.id;
    const amount: number = req.body.amount * res.locals.rate;
    const dry: string = req.query.dry;
    // @ts-expect-error there is no such parameter
    req.params.other;
    // @ts-expect-error the body of the response has another type
    res.json({ paid: 1 });
    res.json({ paid: amount > 0 && dry === '' && id !== req.session.subject });
  }),
);
app.get(
  '/parts/:id',
  requireSession((req, res) => {
    // @ts-expect-error TypeScript passes no default type parameters of a route to a call within it
    const id: { id: string } = req.params;
    res.json({ id, subject: req.session.subject });
  }),
);
