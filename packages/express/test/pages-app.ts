import type { AddressInfo } from 'node:net';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';
import type { RunningHost } from '../../../test/kit.js';
import { PARTS, type PagesSetup, READ_COUNT, SIGN_IN } from '../../../test/pages/html.js';

/** The application of the browser tests, on Express. */
export async function startPages({
  sessions,
  options,
  pages,
  port,
}: PagesSetup): Promise<RunningHost> {
  const app = express().set('env', 'production');
  app.use(sessionMiddleware(sessions, options));
  app.get('/sign-in', (_req, res) => void res.send(SIGN_IN));
  app.post('/sign-in', async (req, res) => {
    await req.sessions.start({ subject: 'ada' });
    res.redirect(303, '/page');
  });
  app.get(
    '/page',
    requireSession({ redirectTo: '/sign-in' }, (req, res) =>
      res.send(pages.show(req.session.subject)),
    ),
  );
  app.get(PARTS, requireSession(), (_req, res) => void res.json({}));
  app.post('/note', requireSession({ redirectTo: '/sign-in' }), (_req, res) => {
    pages.notes += 1;
    res.redirect(303, '/page');
  });
  app.post('/again', requireSession(), async (req, res) => {
    await req.sessions.elevate();
    res.redirect(303, '/page');
  });
  app.get(READ_COUNT, (_req, res) => void res.send(`signed out, ${pages.notes} notes`));
  app.use(sessionErrors());
  const server = app.listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
