import { createSessions, type Sessions } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/fastify';
import { signIn } from '@sess/testkit';
import fastify from 'fastify';
import { expect, it } from 'vitest';

async function createApp(sessions: Sessions) {
  const app = fastify();
  await app.register(sessionMiddleware(sessions));
  app.post<{ Body: { user: string } }>('/login', (request) =>
    request.sessions.start({ subject: request.body.user }),
  );
  app.get(
    '/me',
    requireSession(({ session }) => ({ user: session.subject })),
  );
  return app;
}

it('inject signs in, refreshes and signs out with the cookie of each response', async () => {
  const app = await createApp(createSessions());
  const me = (token: string) =>
    app.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } });

  const login = await app.inject({ method: 'POST', url: '/login', payload: { user: 'ada' } });
  expect((await me(login.json().access_token)).json()).toEqual({ user: 'ada' });

  const [{ name, value } = { name: '', value: '' }] = login.cookies;
  const refresh = await app.inject({
    method: 'POST',
    url: '/session/refresh',
    cookies: { [name]: value },
  });
  expect(refresh.statusCode).toBe(200);

  const [next] = refresh.cookies;
  const logout = await app.inject({
    method: 'POST',
    url: '/session/logout',
    cookies: { [name]: next?.value ?? '' },
  });
  expect(logout.statusCode).toBe(204);
  expect((await me(refresh.json().access_token)).statusCode).toBe(401);
});

it('a route behind a session needs no sign-in route in its test', async () => {
  const sessions = createSessions();
  const app = await createApp(sessions);
  const { headers } = await signIn(sessions, { subject: 'ada' });
  expect((await app.inject({ url: '/me', headers })).statusCode).toBe(200);
  expect((await app.inject({ url: '/me' })).statusCode).toBe(401);
});
