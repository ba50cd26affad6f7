// The same route on Fastify.
import fastifyJwt from '@fastify/jwt';
import { requireSession, sessionMiddleware } from '@sess/fastify';
import Fastify from 'fastify';
import { createBetterAuth } from '../peers/better-auth.mjs';
import { registerSession } from '../peers/fastify-session.mjs';
import { sampleSession } from '../sample.mjs';
import { cookieHeaders, ENGINES, idleHeaders, signInToEngine, subjects } from './engines.mjs';
import { bareVisits, PAGE_ENGINES, renderPage, visit, visitByCookie } from './visits.mjs';

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

const HTML = 'text/html; charset=utf-8';

const ourPages = Object.fromEntries(
  Object.entries(PAGE_ENGINES).map(([name, makeEngine]) => [
    name,
    async (context) => {
      const sessions = await makeEngine(context);
      const app = Fastify();
      await app.register(sessionMiddleware(sessions, { transport: 'cookie' }));
      app.get('/me', { onRequest: requireSession({ redirectTo: '/login' }) }, (request, reply) => {
        reply.type(HTML).send(renderPage(request.session));
      });
      return { port: await listen(app), headers: await visitByCookie(sessions) };
    },
  ]),
);

/** Pages by a session cookie; the peer comes last. */
export const pages = {
  async bare() {
    const app = Fastify();
    app.get('/me', (_request, reply) => {
      reply.type(HTML).send(renderPage());
    });
    return { port: await listen(app), headers: bareVisits() };
  },
  ...ourPages,
  async '@fastify/session'({ nodeRedis }) {
    const app = Fastify();
    const { signIn } = await registerSession(app, await nodeRedis());
    app.get('/me', (request, reply) => {
      const { session } = request;
      if (session.get('subject') === undefined) reply.redirect('/login', 303);
      else
        reply
          .type(HTML)
          .send(renderPage({ subject: session.get('subject'), data: session.get('data') }));
    });
    return { port: await listen(app), headers: await visit('fs', signIn) };
  },
};
