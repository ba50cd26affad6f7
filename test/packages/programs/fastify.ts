import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import { sessionMiddleware as unaugmented } from '@sess/fastify/unaugmented';
import Fastify from 'fastify';
import { expect, walk } from './expect.js';

declare module '@sess/core' {
  interface Register {
    data: { handle: string };
  }
}

const app = Fastify();
await app.register(sessionMiddleware(createSessions(), { routes: 'all' }));
app.setErrorHandler(sessionErrors());
expect(unaugmented === sessionMiddleware, 'the entry without augmentation has the middleware');
app.post<{ Body: { user: string } }>('/login', (request) => {
  // @ts-expect-error the handle is missing
  const wrong = () => request.sessions.start({ subject: 'ada', data: {} });
  expect(typeof wrong === 'function', 'the compiler rejects a missing handle');
  return request.sessions.start({ subject: request.body.user, data: { handle: 'Ada' } });
});
app.get('/public', (request) => {
  const handle: string | undefined = request.session?.data.handle;
  return { handle };
});
app.get(
  '/me',
  requireSession((request) => {
    const handle: string = request.session.data.handle;
    return { handle };
  }),
);

const base = await app.listen({ port: 0, host: '127.0.0.1' });
await walk((path, request) => fetch(base + path, request));
await app.close();
