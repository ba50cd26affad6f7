// The application that every runtime is tried with. The checks are in test/runtimes/checks.mjs.
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';

const ANSWERS = {
  json: (c, tokens) => c.json(tokens),
  raw: () => new Response('raw', { headers: [['Set-Cookie', 'raw=1']] }),
  redirect: (c) => c.redirect('/public'),
  fixed: () => Response.redirect('http://localhost/public', 302),
  stream: (c) => stream(c, (out) => out.write('streamed')),
  throw: () => {
    throw new Error('after the sign-in');
  },
};

export const app = new Hono();
app.use(sessionMiddleware(createSessions(), { routes: 'all' }));

async function signIn(c) {
  const { user } = await c.req.json();
  return c.var.sessions.start({ subject: user });
}

app.post('/login', async (c) => c.json(await signIn(c)));
app.post('/login/:kind', async (c) => {
  c.header('Set-Cookie', 'app=1', { append: true });
  return ANSWERS[c.req.param('kind')](c, await signIn(c));
});
app.get('/public', (c) => c.json({ user: c.var.session?.subject ?? null }));
app.get('/me', requireSession(), (c) => c.json(c.var.session));
app.onError(sessionErrors((_error, c) => c.text('failed', 500)));
