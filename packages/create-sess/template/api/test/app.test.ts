import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessions } from '@sess/core';
import { signIn, silentLogger } from '@sess/testkit';
import request from 'supertest';
import { createApp } from '../src/app.js';

const sessions = createSessions({ logger: silentLogger });
const app = createApp(sessions);

test('a guarded route refuses a request without a token', async () => {
  assert.equal((await request(app).get('/me')).status, 401);
});

test('the right password signs in, and another one does not', async () => {
  const send = (password: string) =>
    request(app).post('/login').send({ email: 'ada@example.com', password });
  assert.equal((await send('wrong')).status, 401);
  const { body } = await send('correct horse');
  const me = await request(app).get('/me').set('Authorization', `Bearer ${body.access_token}`);
  assert.deepEqual(me.body, { user: 'ada' });
});

test('a refresh gives a new access token, and a sign-out ends both', async () => {
  const { cookieHeaders } = await signIn(sessions, { subject: 'ada' });
  const refreshed = await request(app).post('/session/refresh').set(cookieHeaders);
  const headers = { Authorization: `Bearer ${refreshed.body.access_token}` };
  assert.equal((await request(app).get('/me').set(headers)).status, 200);
  await request(app).post('/session/logout').set(headers);
  assert.equal((await request(app).get('/me').set(headers)).status, 401);
});
