import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { sendRequest, signIn } from '@sess/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { requireSession, sessionMiddleware, sessionsOf } from '../src/index.js';

it('knows who asks, and refuses others', async () => {
  const sessions = createSessions();
  const middleware = sessionMiddleware(sessions);
  const guard = requireSession();
  const server = createServer((req, res) => {
    void middleware(req, res, () => {
      guard(req, res, () => res.end(sessionsOf(req).session?.subject));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  expect((await sendRequest(url)).status).toBe(401);
  const { headers } = await signIn(sessions, { subject: 'ada' });
  const answer = await sendRequest(url, { headers: [['Authorization', headers.authorization]] });
  expect(answer).toMatchObject({ status: 200, text: 'ada' });
});
