// Pages by the session cookie in a process of their own, which a test can kill. STORE names a module that opens a store.
import { serve } from '@hono/node-server';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';

const { STORE, REDIS_URL } = process.env;
const options = STORE === undefined ? {} : { store: (await import(STORE)).openStore(REDIS_URL) };

const app = new Hono();
app.use(sessionMiddleware(createSessions(options), { transport: 'cookie' }));
app.get('/sign-in', (c) => c.html('<form method="post"><button>Sign in</button></form>'));
app.post('/sign-in', async (c) => {
  await c.var.sessions.start({ subject: 'ada' });
  return c.redirect('/page', 303);
});
app.get('/page', requireSession({ redirectTo: '/sign-in' }), (c) =>
  c.html(`<p>${c.var.session.subject} at process ${process.pid}</p>`),
);
app.get('/part', requireSession(), (c) => c.json({}));
app.onError(sessionErrors());

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`listening on 127.0.0.1:${port}`),
);
