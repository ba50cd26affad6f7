import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import { signIn } from '@sess/testkit';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';

const post = (app: FastifyInstance, url: string) => app.inject({ method: 'POST', url });

describe('options that are given when the plugin is registered', () => {
  it('the option prefix puts the session routes below it, in a scope with a prefix too', async () => {
    const app = Fastify();
    app.register(sessionMiddleware(createSessions()), { prefix: '/api' });
    expect((await post(app, '/api/session/refresh')).statusCode).toBe(401);
    expect((await post(app, '/session/refresh')).statusCode).toBe(404);
    expect(
      (await app.inject({ method: 'PROPFIND' as 'GET', url: '/api/session/refresh' })).statusCode,
    ).toBe(405);

    const outer = Fastify();
    outer.register(
      async (scope) => void scope.register(sessionMiddleware(createSessions()), { prefix: '/b' }),
      { prefix: '/a' },
    );
    expect((await post(outer, '/a/b/session/refresh')).statusCode).toBe(401);
    expect((await post(outer, '/a/session/refresh')).statusCode).toBe(404);
  });

  it('options of sessionMiddleware are refused at app.register', async () => {
    const app = Fastify();
    app.register(sessionMiddleware(createSessions()), { routes: 'all' } as never);
    await expect(app.ready()).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining("no option 'routes'"),
    });
  });
});

describe('a second engine', () => {
  it('a second engine is refused when it is registered in a scope below', async () => {
    const app = Fastify();
    app.register(sessionMiddleware(createSessions()));
    app.register(async (scope) => void scope.register(sessionMiddleware(createSessions())), {
      prefix: '/admin',
    });
    await expect(app.ready()).rejects.toMatchObject({ code: 'middleware_conflict' });
  });
});

describe('a factory that is passed without parentheses', () => {
  it.each([
    ['requireSession', { preHandler: requireSession as never }],
    ['requireSession', { onRequest: requireSession as never }],
  ])('%s without parentheses is refused with the repair, in %o', async (name, hooks) => {
    const app = Fastify();
    app.register(sessionMiddleware(createSessions()));
    app.get('/', hooks, async () => 'open');
    const answer = await app.inject('/');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'invalid_argument' });
    expect(answer.json().message).toContain(`${name}()`);
  });

  it('sessionErrors and sessionMiddleware refuse the arguments of a hook', () => {
    expect(() => sessionErrors(new Error('of a route') as never)).toThrow(/sessionErrors\(\)/);
    expect(() => sessionMiddleware(Fastify() as never)).toThrow(/expected an engine/);
  });
});

describe("the application's own route beside a session route", () => {
  it('a route of the application may have a parameter in the place of the session id', async () => {
    const sessions = createSessions();
    const { headers } = await signIn(sessions, { subject: 'ada' });
    const app = Fastify();
    app.register(sessionMiddleware(sessions, { basePath: '/auth', routes: 'all' }));
    app.register(async (scope) => {
      scope.get('/auth/:id', async (request) => request.params);
      scope.delete('/auth/:id', async (request) => request.params);
    });
    expect((await app.inject('/auth/me')).json()).toEqual({ id: 'me' });
    expect((await app.inject({ method: 'DELETE', url: '/auth/x' })).json()).toEqual({ id: 'x' });
    const { sid } = (await app.inject({ url: '/auth', headers })).json();
    const ended = await app.inject({ method: 'DELETE', url: `/auth/${sid}`, headers });
    expect(ended.statusCode).toBe(204);
  });
});
