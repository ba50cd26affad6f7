import { createSessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import { walk } from './expect.js';

interface Profile {
  handle: string;
}

const app = new Hono()
  .use(sessionMiddleware(createSessions<Profile>(), { routes: 'all' }))
  .post('/login', async (c) => {
    const { user } = await c.req.json<{ user: string }>();
    // @ts-expect-error the handle is missing
    const wrong = () => c.var.sessions.start({ subject: user, data: {} });
    const data = { handle: typeof wrong === 'function' ? 'Ada' : '' };
    return c.json(await c.var.sessions.start({ subject: user, data }));
  })
  .get('/public', (c) => {
    const handle: string | undefined = c.var.session?.data.handle;
    return c.json({ handle });
  })
  .get('/me', requireSession<Profile>(), (c) => {
    const handle: string = c.var.session.data.handle;
    return c.json({ handle });
  })
  .onError(sessionErrors());

const named: Hono<SessionEnv<Profile>> = new Hono<SessionEnv<Profile>>();
named.get('/', (c) => c.text(c.var.session?.data.handle ?? ''));

await walk((path, request) => app.request(path, request));
