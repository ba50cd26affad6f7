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
