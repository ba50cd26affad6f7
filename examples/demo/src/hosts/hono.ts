import { getRequestListener } from '@hono/node-server';
import type { Sessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import { readJsonRequest } from '../body.js';
import { listDevices } from '../devices.js';
import { readSignIn } from '../input.js';
import type { CreateListener, Transport } from '../listener.js';
import { createPage } from '../page.js';
import { replyToFailure } from '../problem.js';
import { COMMON_HEADERS, replyToUnmatched } from '../routes.js';
import { json, send } from './hono-reply.js';

/** Creates the routes of the demo in Hono. */
export const createListener: CreateListener = (sessions, transport = 'bearer') =>
  getRequestListener(createApp(sessions, transport).fetch);

function createApp(sessions: Sessions, transport: Transport): Hono<SessionEnv> {
  // Takes paths as they were sent, as the other hosts do. Hono would decode them.
  const app = new Hono<SessionEnv>({ getPath: ({ url }) => new URL(url).pathname });

  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) c.header(name, value);
    await next();
  });
  app.use(sessionMiddleware(sessions, { routes: 'all', transport }));

  const page = createPage();
  app.get('/', (c) => send(c, page));

  app.post('/login', async (c) => {
    const input = readSignIn(await readJsonRequest(c.req.raw));
    return json(c, await c.var.sessions.start(input));
  });

  app.get('/public', (c) => json(c, { user: c.var.session?.subject ?? null }));

  app.get('/me', requireSession(), async (c) => json(c, await c.var.sessions.current()));
  app.patch('/me', requireSession(), async (c) =>
    json(c, await c.var.sessions.update(await readJsonRequest(c.req.raw))),
  );

  app.get('/devices', requireSession(), async (c) =>
    json(c, await listDevices(sessions, c.var.session)),
  );

  // A real application checks the password or the passkey here.
  app.post('/reauth', requireSession(), async (c) => json(c, await c.var.sessions.elevate()));
  app.post('/transfer', requireSession({ authenticatedWithin: '5m' }), (c) =>
    json(c, { transferred: true }),
  );

  app.notFound((c) => send(c, replyToUnmatched(c.req.path)));
  app.onError(sessionErrors((error, c) => send(c, replyToFailure(error))));
  return app;
}
