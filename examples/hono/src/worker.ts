// A Worker on Hono. It needs the compatibility flag `nodejs_compat`.
import { createSessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';

// Sessions live in the memory of one isolate: enough to try it. An application needs a shared store.
const sessions = createSessions();
const app = new Hono<SessionEnv>();

app.use(
  sessionMiddleware(sessions, {
    routes: 'all',
    // Cloudflare sets this header itself and overwrites what the client sent.
    clientIp: (c) => c.req.header('cf-connecting-ip'),
  }),
);
app.onError(sessionErrors());

app.post('/login', async (c) => {
  const { user } = await c.req.json<{ user: string }>();
  // Check the password here.
  return c.json(await c.var.sessions.start({ subject: user }));
});

app.get('/me', requireSession(), (c) => c.json(c.var.session));

const worker: { fetch(request: Request): Response | Promise<Response> } = {
  fetch: (request) => app.fetch(request),
};
export default worker;
