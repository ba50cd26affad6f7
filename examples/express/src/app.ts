import type { Sessions } from '@sess/core';
import {
  COMMON_HEADERS,
  createPage,
  listDevices,
  readJsonObject,
  readSignIn,
  replyToUnmatched,
} from '@sess/example-common';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express, { type Express } from 'express';
import { errors, send } from './reply.js';

/** The example as an Express application. */
export function createApp(sessions: Sessions): Express {
  const app = express();
  // The examples answer alike to the byte, and what Express adds or forgives by itself is its own.
  app.disable('x-powered-by').disable('etag');
  app.enable('strict routing').enable('case sensitive routing');

  app.use((req, res, next) => {
    res.set(COMMON_HEADERS);
    // Express would answer 304 to 'If-None-Match: *', though no client may keep what is said here.
    delete req.headers['if-none-match'];
    next();
  });
  app.use(sessionMiddleware(sessions, { routes: 'all' }));

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

  // This is where an application asks for the password or the passkey once more.
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
