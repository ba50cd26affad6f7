import type { Sessions } from '@sess/core';
import {
  COMMON_HEADERS,
  createPage,
  listDevices,
  readJsonObject,
  readSignIn,
  replyToUnmatched,
} from '@sess/example-common';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errors, send } from './reply.js';
import { asSent, LONGEST, pathOf } from './url.js';

/** The example as a Fastify application. */
export async function createApp(sessions: Sessions): Promise<FastifyInstance> {
  // The examples answer alike to the byte, to targets that Fastify would turn away by itself too.
  const app: FastifyInstance = Fastify({
    rewriteUrl: asSent,
    routerOptions: { maxParamLength: LONGEST },
  });
  // Handlers read the body themselves, by the rules that all examples have. Fastify is not to see its type, which
  // it would judge before.
  app.addContentTypeParser('*', async () => undefined);

  app.addHook('onRequest', async (request, reply) => {
    request.headers = { 'content-type': undefined };
    reply.headers(COMMON_HEADERS);
  });
  await app.register(sessionMiddleware(sessions, { routes: 'all' }));
  app.setErrorHandler(sessionErrors(errors));
  const unmatched = (request: FastifyRequest, reply: FastifyReply) =>
    send(reply, replyToUnmatched(pathOf(request.url)));
  app.setNotFoundHandler(unmatched);
  // Sooner than Fastify would ask: it has rules for the bodies of some methods first.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return unmatched(request, reply);
  });

  const page = createPage();
  app.get('/', (_request, reply) => send(reply, page));

  app.post('/login', async (request) => {
    const input = readSignIn(await readJsonObject(request.raw));
    return request.sessions.start(input);
  });

  app.get('/public', async (request) => ({ user: request.session?.subject ?? null }));

  app.get(
    '/me',
    requireSession((request) => request.sessions.current()),
  );
  app.patch(
    '/me',
    requireSession(async (request) => request.sessions.update(await readJsonObject(request.raw))),
  );

  app.get(
    '/devices',
    requireSession(({ session }) => listDevices(sessions, session)),
  );

  // This is where an application asks for the password or the passkey once more.
  app.post('/reauth', { preHandler: requireSession() }, (request) => request.sessions.elevate());
  app.post(
    '/transfer',
    { preHandler: requireSession({ authenticatedWithin: '5m' }) },
    async () => ({ transferred: true }),
  );

  await app.ready();
  return app;
}
