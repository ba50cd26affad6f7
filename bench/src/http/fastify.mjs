// The same route on Fastify.
import fastifyJwt from '@fastify/jwt';
import { requireSession, sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';
import { createBetterAuth } from '../peers/better-auth.mjs';
import { registerSession } from '../peers/fastify-session.mjs';
import { sampleSession } from '../sample.mjs';
import {
  cookieHeaders,
  ENGINES,
  idleHeaders,
  makePagesEngine,
  signInByCookie,
  signInToEngine,
  subjects,
} from './engines.mjs';

async function listen(app) {
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server.address().port;
}

const ours = Object.fromEntries(
  Object.entries(ENGINES).map(([name, makeEngine]) => [
    name,
    async (context) => {
      const sessions = await makeEngine(context);
      const app = Fastify();
      await app.register(sessionMiddleware(sessions));
      app.get(
        '/me',
        requireSession((request) => ({ user: request.session.subject })),
      );
      return { port: await listen(app), headers: await signInToEngine(sessions) };
    },
  ]),
);

/** As its README has it: a token of HS256, verified in a hook. */
function signedRoute(options) {
  return async () => {
    const app = Fastify();
    await app.register(fastifyJwt, { secret: 's'.repeat(32), ...options });
    app.addHook('onRequest', (request) => request.jwtVerify());
    app.get('/me', (request) => ({ user: request.user.subject }));
    const port = await listen(app);
    const headers = subjects('fj').map((subject) => {
      const { data } = sampleSession(subject);
      return { authorization: `Bearer ${app.jwt.sign({ subject, data }, { expiresIn: '1h' })}` };
    });
    return { port, headers };
  };
}

export const variants = {
  async bare() {
    const app = Fastify();
    app.get('/me', () => ({ user: 'user-idle-000000' }));
    return { port: await listen(app), headers: [{}] };
  },
  async 'idle hook'() {
    const app = Fastify();
    app.decorateRequest('presented', null);
    app.addHook('onRequest', (request, _reply, done) => {
      request.presented = request.headers.authorization;
      done();
    });
    app.get('/me', () => ({ user: 'user-idle-000000' }));
    return { port: await listen(app), headers: idleHeaders() };
  },
  ...ours,
  async 'ours, session cookie'(context) {
    const sessions = await makePagesEngine(context);
    const app = Fastify();
    await app.register(sessionMiddleware(sessions, { transport: 'cookie' }));
    app.get(
      '/me',
      requireSession((request) => ({ user: request.session.subject })),
    );
    return { port: await listen(app), headers: await signInByCookie(sessions) };
  },
  async '@fastify/session'({ nodeRedis }) {
    const app = Fastify();
    const { signIn } = await registerSession(app, await nodeRedis());
    app.get('/me', (request) => ({ user: request.session.get('subject') }));
    return { port: await listen(app), headers: await cookieHeaders('fs', signIn) };
  },
  '@fastify/jwt': signedRoute({}),
  '@fastify/jwt, its cache': signedRoute({ verify: { cache: true } }),
  async 'better-auth'({ ioredis }) {
    const { auth, signIn } = createBetterAuth(await ioredis());
    const app = Fastify();
    app.get('/me', async (request, reply) => {
      const { cookie } = request.headers;
      const found = await auth.api.getSession({ headers: new Headers({ cookie }) });
      return found === null ? reply.code(401).send() : { user: found.user.name };
    });
    return { port: await listen(app), headers: await cookieHeaders('ba', signIn) };
  },
};
