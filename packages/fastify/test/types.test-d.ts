/*
 * Read by the compiler only: `tsc -p tsconfig.test.json`. Each line that must not compile says so, and is
 * itself an error as soon as it does.
 */
import { createSessions, type RegisteredData, type RequestSession, type Session } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { expectTypeOf, test } from 'vitest';

interface Profile {
  handle: string;
}

const app: FastifyInstance = Fastify();

test('a request has a session or none, and what can be done to it', () => {
  expectTypeOf<FastifyRequest['session']>().toEqualTypeOf<Session<RegisteredData> | null>();
  expectTypeOf<FastifyRequest['sessions']>().toEqualTypeOf<RequestSession<RegisteredData>>();
  app.get('/', (request) => {
    // @ts-expect-error it may be null
    request.session.subject;
    // @ts-expect-error it is not to be put there
    request.session = null;
  });
});

test('a handler behind requireSession has a session that is never null', () => {
  app.get(
    '/',
    requireSession((request) => {
      expectTypeOf(request.session).toEqualTypeOf<Session<RegisteredData>>();
      return request.session.subject;
    }),
  );
  app.get(
    '/',
    requireSession({ authenticatedWithin: '5m' }, async (request, reply) => {
      expectTypeOf(request.session.subject).toEqualTypeOf<string>();
      expectTypeOf(reply).toExtend<FastifyReply>();
      return {};
    }),
  );
});

test('and the types of its route', () => {
  app.post<{ Body: { amount: number }; Params: { id: string } }>(
    '/:id',
    requireSession((request) => {
      expectTypeOf(request.body.amount).toEqualTypeOf<number>();
      expectTypeOf(request.params.id).toEqualTypeOf<string>();
    }),
  );
});

test('requireSession() guards routes of any types, and scopes', () => {
  app.addHook('preHandler', requireSession());
  app.addHook('onRequest', requireSession());
  app.get('/', { preHandler: requireSession() }, async () => 1);
  app.get('/', { onRequest: [requireSession({ authenticatedWithin: '5m' })] }, async () => 1);
  app.get<{ Querystring: { q: string }; Reply: { 200: { ok: boolean } } }>(
    '/',
    {
      preHandler: requireSession({ where: ({ subject }) => subject === 'admin' }),
      schema: { querystring: { type: 'object' } } as const,
    },
    async (request, reply) => {
      expectTypeOf(request.query.q).toEqualTypeOf<string>();
      return reply.code(200).send({ ok: true });
    },
  );
  // @ts-expect-error there is no such option
  requireSession({ authenticatedWitin: '5m' });
  // @ts-expect-error a condition is answered at once
  requireSession({ where: async () => true });
});

test('it is registered with or without an engine, and with options', () => {
  app.register(sessionMiddleware());
  app.register(sessionMiddleware(createSessions()));
  app.register(sessionMiddleware(createSessions<Profile>(), { routes: 'all' }));
  app.register(sessionMiddleware(createSessions<{ role: 'user' | 'admin' }>(), { openapi: false }));
  // @ts-expect-error there is no such choice
  sessionMiddleware(undefined, { routes: 'some' });
  // @ts-expect-error there is no such option
  sessionMiddleware(undefined, { base: '/session' });
});

test('an error handler takes the others', () => {
  app.setErrorHandler(sessionErrors());
  app.setErrorHandler(
    sessionErrors((error, request, reply) => {
      expectTypeOf(error).toBeUnknown();
      expectTypeOf(request.url).toEqualTypeOf<string>();
      return reply.code(500).send();
    }),
  );
});

test('all of it works for servers of other kinds', () => {
  const secure = Fastify({ https: {} });
  secure.register(sessionMiddleware());
  secure.setErrorHandler(sessionErrors());
  secure.get('/', { preHandler: requireSession() }, async () => 1);
  secure.get(
    '/',
    requireSession((request) => request.session.subject),
  );
  const second = Fastify({ http2: true });
  second.register(sessionMiddleware());
  second.setErrorHandler(sessionErrors());
  second.get('/', { preHandler: requireSession() }, async () => 1);
});
