import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessions } from '@sess/core';
import { signIn, silentLogger } from '@sess/testkit';
import request from 'supertest';
import { createApp } from '../src/app.js';

const sessions = createSessions({ logger: silentLogger });
const app = createApp(sessions);

test('the account page redirects a visitor to the sign-in page', async () => {
  const response = await request(app).get('/account').set('Accept', 'text/html');
  assert.equal(response.status, 303);
  assert.equal(response.headers['location'], '/sign-in?return_to=%2Faccount');
});

test('the right password signs in, and another one does not', async () => {
  const send = (password: string) =>
    request(app).post('/sign-in').type('form').send({ email: 'ada@example.com', password });
  assert.equal((await send('wrong')).status, 401);
  const right = await send('correct horse');
  assert.equal(right.headers['location'], '/account');
  assert.match(String(right.headers['set-cookie']), /^__Host-sess=/);
});

test('a user sees the account page until the sign-out', async () => {
  const { cookieHeaders } = await signIn(sessions, { subject: 'ada' });
  const account = () => request(app).get('/account').set(cookieHeaders);
  assert.match((await account()).text, /<h1>ada<\/h1>/);
  await request(app).post('/session/logout').set(cookieHeaders);
  assert.equal((await account()).status, 401);
});
