import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { Hono } from 'hono';
import type { RunningHost } from '../../../test/kit.js';
import { PARTS, type PagesSetup, READ_COUNT, SIGN_IN } from '../../../test/pages/html.js';

/** The application of the browser tests, on Hono. */
export async function startPages({
  sessions,
  options,
  pages,
  port,
}: PagesSetup): Promise<RunningHost> {
  const app = new Hono<SessionEnv>();
  app.use(sessionMiddleware(sessions, options));
  app.get('/sign-in', (c) => c.html(SIGN_IN));
  app.post('/sign-in', async (c) => {
    await c.var.sessions.start({ subject: 'ada' });
    return c.redirect('/page', 303);
  });
  app.get('/page', requireSession({ redirectTo: '/sign-in' }), (c) =>
    c.html(pages.show(c.var.session.subject)),
  );
  app.get(PARTS, requireSession(), (c) => c.json({}));
  app.post('/note', requireSession({ redirectTo: '/sign-in' }), (c) => {
    pages.notes += 1;
    return c.redirect('/page', 303);
  });
  app.post('/again', requireSession(), async (c) => {
    await c.var.sessions.elevate();
    return c.redirect('/page', 303);
  });
  app.get(READ_COUNT, (c) => c.text(`signed out, ${pages.notes} notes`));
  app.onError(sessionErrors());
  const server = createServer(getRequestListener(app.fetch)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
