import type { AddressInfo } from 'node:net';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { sessionMiddleware as unaugmented } from '@sess/express/unaugmented';
import express from 'express';
import { expect, walk } from './expect.js';

declare module '@sess/core' {
  interface Register {
    data: { handle: string };
  }
}

const app = express();
app.use(sessionMiddleware(createSessions(), { routes: 'all' }), express.json());
app.post('/login', async (req, res) => {
  // @ts-expect-error the handle is missing
  const wrong = () => req.sessions.start({ subject: 'ada', data: {} });
  expect(typeof wrong === 'function', 'the compiler rejects a missing handle');
  const data = { handle: 'Ada' };
  res.json(await req.sessions.start({ subject: String(req.body.user), data }));
});
app.get('/public', (req, res) => {
  const handle: string | undefined = req.session?.data.handle;
  res.json({ handle });
});
app.get(
  '/me',
  requireSession((req, res) => {
    const handle: string = req.session.data.handle;
    res.json({ handle });
  }),
);
app.use(sessionErrors());
expect(unaugmented === sessionMiddleware, 'the entry without augmentation has the middleware');

const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const { port } = server.address() as AddressInfo;
await walk((path, request) => fetch(`http://127.0.0.1:${port}${path}`, request));
server.close();
server.closeAllConnections();
