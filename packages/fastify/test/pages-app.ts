import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';
import type { RunningHost } from '../../../test/kit.js';
import { PARTS, type PagesSetup, READ_COUNT, SIGN_IN } from '../../../test/pages/html.js';

/** The application of the browser tests, on Fastify. */
export async function startPages({
  sessions,
  options,
  pages,
  port,
}: PagesSetup): Promise<RunningHost> {
  const app = Fastify({ forceCloseConnections: true });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  await app.register(sessionMiddleware(sessions, options));
  app.setErrorHandler(sessionErrors());
  app.get('/sign-in', async (_request, reply) => reply.type('text/html').send(SIGN_IN));
  app.post('/sign-in', async (request, reply) => {
    await request.sessions.start({ subject: 'ada' });
    return reply.redirect('/page', 303);
  });
  app.get(
    '/page',
    { preHandler: requireSession({ redirectTo: '/sign-in' }) },
    async (request, reply) =>
      reply.type('text/html').send(pages.show(request.session?.subject ?? '')),
  );
  app.get(PARTS, { preHandler: requireSession() }, async () => ({}));
  app.post(
    '/note',
    { preHandler: requireSession({ redirectTo: '/sign-in' }) },
    async (_request, reply) => {
      pages.notes += 1;
      return reply.redirect('/page', 303);
    },
  );
  app.post('/again', { preHandler: requireSession() }, async (request, reply) => {
    await request.sessions.elevate();
    return reply.redirect('/page', 303);
  });
  app.get(READ_COUNT, async () => `signed out, ${pages.notes} notes`);
  return { url: await app.listen({ host: '127.0.0.1', port }), close: () => app.close() };
}
