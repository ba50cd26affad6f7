import { createSessions, type Sessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { signIn } from '@sess/testkit';
import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';

// supertest speaks plain HTTP, and its agent sends no Secure cookie there.
const cookie = { secure: process.env['NODE_ENV'] === 'production' };

function createApp(sessions: Sessions) {
  const app = express();
  app.use(express.json(), sessionMiddleware(sessions, { cookie }));
  app.post('/login', async (req, res) => {
    res.json(await req.sessions.start({ subject: String(req.body.user) }));
  });
  app.get(
    '/me',
    requireSession((req, res) => res.json({ user: req.session.subject })),
  );
  return app.use(sessionErrors());
}

it('an agent signs in, refreshes and signs out', async () => {
  const agent = request.agent(createApp(createSessions()));
  const me = (token: string) => agent.get('/me').auth(token, { type: 'bearer' });

  const login = await agent.post('/login').send({ user: 'ada' }).expect(200);
  await me(login.body.access_token).expect(200, { user: 'ada' });

  // The agent keeps the refresh cookie, as a browser does.
  const refresh = await agent.post('/session/refresh').expect(200);
  await me(refresh.body.access_token).expect(200);

  await agent.post('/session/logout').expect(204);
  await me(refresh.body.access_token).expect(401);
  await agent.post('/session/refresh').expect(401);
});

it('a route behind a session needs no sign-in route in its test', async () => {
  const sessions = createSessions();
  const app = createApp(sessions);
  const { headers, cookieHeaders } = await signIn(sessions, { subject: 'ada' }, { cookie });
  await request(app).get('/me').set(headers).expect(200);
  const refresh = await request(app).post('/session/refresh').set(cookieHeaders).expect(200);
  expect(refresh.body).toMatchObject({ token_type: 'Bearer' });
  await request(app).get('/me').expect(401);
});
