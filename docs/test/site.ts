import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { silentLogger } from '@sess/testkit';
import express, { type RequestHandler } from 'express';
import { onTestFinished } from 'vitest';

/** Serves handlers on a free port of `localhost`, until the test ends, and returns the origin. */
async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler).listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** Starts an application with the routes of a guide: pages by cookie, a password that every user has, and who is signed in. */
export async function openSite(
  createRoutes: (origin: string) => RequestHandler | Promise<RequestHandler>,
): Promise<string> {
  const sessions = createSessions({ logger: silentLogger });
  const app = express();
  app.use(sessionMiddleware(sessions, { transport: 'cookie' }));
  app.use(express.urlencoded(), express.json());
  const origin = await listen(app);
  app.get('/', (req, res) => {
    const { subject = null, acr = null, amr = null } = req.session ?? {};
    res.json({ subject, acr, amr });
  });
  app.get('/sign-in', (_req, res) => res.send('<h1>Sign in</h1>'));
  app.post('/sign-in', async (req, res) => {
    await req.sessions.start({ subject: String(req.body.user), amr: ['pwd'] });
    res.redirect(303, '/');
  });
  app.get(
    '/private',
    requireSession({ redirectTo: '/sign-in' }),
    (req, res) => void res.send(`private page of ${req.session?.subject}`),
  );
  app.use(await createRoutes(origin), sessionErrors());
  return origin;
}
