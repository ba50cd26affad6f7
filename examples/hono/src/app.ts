import type { Sessions } from '@sess/core';
import type { Reply } from '@sess/core/http';
import {
  COMMON_HEADERS,
  listDevices,
  readJsonRequest,
  readSignIn,
  replyToFailure,
  replyToUnmatched,
} from '@sess/example-common/face';
import {
  requireSession,
  type SessionEnv,
  type SessionMiddlewareOptions,
  sessionErrors,
  sessionMiddleware,
} from '@sess/hono';
import { Hono } from 'hono';
import { json, send } from './reply.js';

/** What the runtimes do not have in common. */
export interface AppOptions extends Pick<SessionMiddlewareOptions, 'clientIp'> {
  /** What `GET /` answers. */
  readonly page: Reply;
}

/** The example as a Hono application. */
export function createApp(sessions: Sessions, { page, ...options }: AppOptions): Hono<SessionEnv> {
  // Paths as they were sent, as the other examples take them: Hono would decode them.
  const app = new Hono<SessionEnv>({ getPath: ({ url }) => new URL(url).pathname });

  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(COMMON_HEADERS)) c.header(name, value);
    await next();
  });
  app.use(sessionMiddleware(sessions, { routes: 'all', ...options }));

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

  // This is where an application asks for the password or the passkey once more.
  app.post('/reauth', requireSession(), async (c) => json(c, await c.var.sessions.elevate()));
  app.post('/transfer', requireSession({ authenticatedWithin: '5m' }), (c) =>
    json(c, { transferred: true }),
  );

  app.notFound((c) => send(c, replyToUnmatched(c.req.path)));
  app.onError(sessionErrors((error, c) => send(c, replyToFailure(error))));
  return app;
}
