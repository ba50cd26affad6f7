import type { AddressInfo } from 'node:net';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';
import { onTestFinished } from 'vitest';
import { describeTwoCopies, headersOf, read } from '../../../test/copies-of-core.js';

describeTwoCopies(async (sessions, options) => {
  const app = express().set('env', 'production').use(sessionMiddleware(sessions, options));
  app.get('/', (_req, res) => void res.json({}));
  app.get('/me', requireSession(), (_req, res) => void res.json({}));
  app.post('/login', async (req, res) => {
    res.json(await req.sessions.start({ subject: 'ada' }));
  });
  app.use(sessionErrors());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (method, path, token) =>
    read(await fetch(origin + path, { method, headers: headersOf(token) }));
});
