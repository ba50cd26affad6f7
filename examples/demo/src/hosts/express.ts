import type { Sessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express, { type Express } from 'express';
import { readJsonObject } from '../body.js';
import { listDevices } from '../devices.js';
import { readSignIn } from '../input.js';
import type { CreateListener, Transport } from '../listener.js';
import { createPage } from '../page.js';
import { COMMON_HEADERS, replyToUnmatched } from '../routes.js';
import { errors, send } from './express-reply.js';

/** Creates the routes of the demo in Express. */
export const createListener: CreateListener = (sessions, transport = 'bearer') =>
  createApp(sessions, transport);

function createApp(sessions: Sessions, transport: Transport): Express {
  const app = express();
  // All hosts of the demo send the same bytes, so the additions of Express are turned off.
  app.disable('x-powered-by').disable('etag');
  app.enable('strict routing').enable('case sensitive routing');

  app.use((req, res, next) => {
    res.set(COMMON_HEADERS);
    // Express would send 304 for 'If-None-Match: *', although these responses must not be stored.
    delete req.headers['if-none-match'];
    next();
  });
  app.use(sessionMiddleware(sessions, { routes: 'all', transport }));

  const page = createPage();
  app.get('/', (_req, res) => send(res, page));

  app.post('/login', async (req, res) => {
    const input = readSignIn(await readJsonObject(req));
    res.json(await req.sessions.start(input));
  });

  app.get('/public', (req, res) => {
    res.json({ user: req.session?.subject ?? null });
  });

  app.get(
    '/me',
    requireSession(async (req, res) => {
      res.json(await req.sessions.current());
    }),
  );
  app.patch(
    '/me',
    requireSession(async (req, res) => {
      res.json(await req.sessions.update(await readJsonObject(req)));
    }),
  );

  app.get(
    '/devices',
    requireSession(async (req, res) => {
      res.json(await listDevices(sessions, req.session));
    }),
  );

  // A real application checks the password or the passkey here.
  app.post(
    '/reauth',
    requireSession(async (req, res) => {
      res.json(await req.sessions.elevate());
    }),
  );
  app.post(
    '/transfer',
    requireSession({ authenticatedWithin: '5m' }, (_req, res) => res.json({ transferred: true })),
  );

  app.use((req, res) => send(res, replyToUnmatched(req.path)));
  app.use(sessionErrors(), errors);
  return app;
}
