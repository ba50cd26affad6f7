import type { Sessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { readJsonObject } from '../body.js';
import { listDevices } from '../devices.js';
import { readSignIn } from '../input.js';
import type { CreateListener, Transport } from '../listener.js';
import { createPage } from '../page.js';
import { COMMON_HEADERS, replyToUnmatched } from '../routes.js';
import { errors, send } from './fastify-reply.js';
import { MAX_TARGET_LENGTH, normalizeTarget, pathOf } from './fastify-target.js';

/** Creates the routes of the demo in Fastify. */
export const createListener: CreateListener = async (sessions, transport = 'bearer') =>
  (await createApp(sessions, transport)).routing;

async function createApp(sessions: Sessions, transport: Transport): Promise<FastifyInstance> {
  // All hosts of the demo send the same bytes, also for targets that Fastify would reject before routing.
  const app: FastifyInstance = Fastify({
    rewriteUrl: normalizeTarget,
    routerOptions: { maxParamLength: MAX_TARGET_LENGTH },
  });
  // Handlers read the body themselves. The type is hidden from Fastify, which would check it before them.
  app.addContentTypeParser('*', async () => undefined);

  app.addHook('onRequest', async (request, reply) => {
    request.headers = { 'content-type': undefined };
    reply.headers(COMMON_HEADERS);
  });
  await app.register(sessionMiddleware(sessions, { routes: 'all', transport }));
  app.setErrorHandler(sessionErrors(errors));
  const unmatched = (request: FastifyRequest, reply: FastifyReply) =>
    send(reply, replyToUnmatched(pathOf(request.url)));
  app.setNotFoundHandler(unmatched);
  // Runs before the rules that Fastify has for the bodies of some methods.
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

  // A real application checks the password or the passkey here.
  app.post('/reauth', { preHandler: requireSession() }, (request) => request.sessions.elevate());
  app.post(
    '/transfer',
    { preHandler: requireSession({ authenticatedWithin: '5m' }) },
    async () => ({ transferred: true }),
  );

  await app.ready();
  return app;
}
