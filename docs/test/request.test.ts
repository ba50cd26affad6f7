import { createSessions, type Sessions } from '@sess/core';
import {
  requireSession,
  type SessionVariables,
  sessionErrors,
  sessionMiddleware,
} from '@sess/hono';
import { signIn } from '@sess/testkit';
import { Hono } from 'hono';
import { expect, it } from 'vitest';

const createApp = (sessions: Sessions) =>
  new Hono<{ Variables: SessionVariables }>()
    .onError(sessionErrors())
    .use(sessionMiddleware(sessions))
    .post('/login', async (c) => {
      const { user } = await c.req.json<{ user: string }>();
      return c.json(await c.var.sessions.start({ subject: user }));
    })
    .get('/me', requireSession(), (c) => c.json({ user: c.var.session.subject }));

/** Sends requests with the cookies that earlier responses set. */
function createAgent(app: ReturnType<typeof createApp>) {
  const jar = new Map<string, string>();
  return async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map((pair) => pair.join('=')).join('; '));
    const response = await app.request(path, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  };
}

it('an agent with a jar signs in, refreshes and signs out', async () => {
  const send = createAgent(createApp(createSessions()));
  const post = (path: string, body = {}) =>
    send(path, { method: 'POST', body: JSON.stringify(body) });
  const me = (token: string) => send('/me', { headers: { authorization: `Bearer ${token}` } });

  const login = await (await post('/login', { user: 'ada' })).json();
  expect(await (await me(login.access_token)).json()).toEqual({ user: 'ada' });

  const refresh = await post('/session/refresh');
  const { access_token: token } = await refresh.json();
  expect((await me(token)).status).toBe(200);

  expect((await post('/session/logout')).status).toBe(204);
  expect((await me(token)).status).toBe(401);
});

it('a route behind a session needs no sign-in route in its test', async () => {
  const sessions = createSessions();
  const app = createApp(sessions);
  const { headers } = await signIn(sessions, { subject: 'ada' });
  expect((await app.request('/me', { headers })).status).toBe(200);
  expect((await app.request('/me')).status).toBe(401);
});
