import fastifySwagger from '@fastify/swagger';
import { createSessions } from '@sess/core';
import type { HttpOptions } from '@sess/core/http';
import { sessionMiddleware } from '@sess/fastify';
import { signIn } from '@sess/testkit';
import Fastify, { type FastifyPluginAsync } from 'fastify';
import { describe, expect, it } from 'vitest';
import { post, start } from './start.js';

describe('the documentation', () => {
  async function document(options: HttpOptions) {
    const app = Fastify();
    await app.register(fastifySwagger, { openapi: {} });
    const scope: FastifyPluginAsync = async (inner) =>
      void inner.register(sessionMiddleware(createSessions(), options));
    app.register(scope, { prefix: '/api' });
    await app.ready();
    return app.swagger() as unknown as { paths: Record<string, Record<string, object>> };
  }

  it('the documentation has the session routes, each with its one method', async () => {
    const { paths } = await document({ routes: 'all' });
    const methods = Object.entries(paths).map(([path, item]) => [path, Object.keys(item)]);
    expect(methods).toEqual([
      ['/api/session/refresh', ['post']],
      ['/api/session/logout', ['post']],
      ['/api/session/logout-all', ['post']],
      ['/api/session/logout-others', ['post']],
      ['/api/session', ['get']],
      ['/api/session/list', ['get']],
      ['/api/session/{sid}', ['delete']],
    ]);
    for (const item of Object.values(paths)) {
      const [route] = Object.values(item) as {
        summary: string;
        tags: string[];
        responses: object;
      }[];
      expect(route?.summary).not.toBe('');
      expect(route?.tags).toEqual(['session']);
      expect(Object.keys(route?.responses ?? {})).toContain('503');
    }
  });

  it('the documentation shows the refresh token if it travels in the body', async () => {
    const inCookie = await document({});
    expect(Object.keys(inCookie.paths)).toHaveLength(2);
    expect(JSON.stringify(inCookie)).not.toContain('refresh_token');
    const inBody = await document({ refreshTransport: 'body' });
    expect(inBody.paths['/api/session/refresh']?.['post']).toMatchObject({
      requestBody: { required: true },
      responses: { 200: { content: { 'application/json': {} } } },
    });
    expect(JSON.stringify(inBody)).toContain('refresh_token');
  });

  it('the schemas are not passed to the compilers of the application', async () => {
    const refuse = () => {
      throw new Error('this is no schema of mine');
    };
    const app = Fastify();
    app.setValidatorCompiler(refuse).setSerializerCompiler(refuse);
    app.register(sessionMiddleware(createSessions(), { routes: 'all', refreshTransport: 'body' }));
    await expect(app.ready()).resolves.toBeDefined();
  });
});

describe('a session route', () => {
  it('a method that Fastify does not support gets a 405 at a session route', async () => {
    const send = await start((app) => app.register(sessionMiddleware(createSessions())));
    for (const method of ['PROPFIND', 'TRACE', 'SEARCH']) {
      const answer = await send('/session/refresh', { method });
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'POST']);
    }
  });

  it('a session route accepts any body and any Content-Type, well-formed or not', async () => {
    const send = await start((app) => app.register(sessionMiddleware(createSessions())));
    for (const [type, body] of [
      ['nonsense;;', 'x'],
      ['application/json', '{'],
      ['application/json', 'x'.repeat(2_000_000)],
      ['text/xml', '<x/>'],
    ]) {
      const headers = [['Content-Type', type ?? '']] as const;
      const answer = await send('/session/logout', { method: 'POST', headers, body: body ?? '' });
      expect([type, answer.status]).toEqual([type, 204]);
    }
  });

  it('a session route reads the refresh token from the body as hooks have left it, up to 100 kB', async () => {
    const sessions = createSessions();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const send = await start((app) => {
      app.register(sessionMiddleware(sessions, { refreshTransport: 'body' }));
    });
    const refresh = async (body: string, type = 'text/plain') => {
      const headers = [['Content-Type', type]] as const;
      const { status, text } = await send('/session/refresh', { method: 'POST', headers, body });
      return [status, (JSON.parse(text) as { code?: string }).code];
    };
    expect(await refresh('')).toEqual([401, 'refresh_token_missing']);
    expect(await refresh('{')).toEqual([400, 'invalid_request']);
    expect(await refresh(`"${'x'.repeat(102_400)}"`)).toEqual([400, 'invalid_request']);
    expect(await refresh('{"refresh_token":7}')).toEqual([401, 'refresh_token_missing']);
    expect(await refresh(JSON.stringify({ refresh_token: refreshToken }))).toEqual([
      200,
      undefined,
    ]);
  });

  it("a session route runs after the application's hooks, and its responses keep their headers", async () => {
    const send = await start((app) => {
      app.register(sessionMiddleware(createSessions()));
      app.addHook('onRequest', async (request, reply) => {
        reply.header('Access-Control-Allow-Origin', '*').header('Vary', 'Accept');
        if (request.method === 'OPTIONS') return reply.code(204).send();
        if (request.headers['x-flood'] !== undefined) return reply.code(429).send();
      });
      app.addHook('onSend', async (_request, reply) => void reply.header('X-Late', 'yes'));
    });
    expect((await send('/session/refresh', { method: 'OPTIONS' })).status).toBe(204);
    expect((await send('/session/refresh', post([['X-Flood', '1']]))).status).toBe(429);
    const answer = await send('/session/refresh', post());
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      vary: 'Accept, Sec-Fetch-Site, Origin',
      'x-late': 'yes',
    });
  });

  it('a session route is found as loosely as the router is configured to match', async () => {
    const routerOptions = {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      caseSensitive: false,
    };
    const send = await start((app) => app.register(sessionMiddleware(createSessions())), {
      routerOptions,
    });
    for (const path of [
      '/session/refresh/',
      '/Session/refresh',
      '//session/refresh',
      '/%73ession/refresh',
    ]) {
      const answer = await send(path, post([['Content-Type', 'nonsense;;']]));
      expect([path, answer.status]).toEqual([path, 401]);
    }
    expect((await send('/session/refresh?a=1', post())).status).toBe(401);
  });

  it('a session route is separate from routes of the application below the same path', async () => {
    const sessions = createSessions();
    const { headers } = await signIn(sessions, { subject: 'ada' });
    const send = await start((app) => {
      app.register(sessionMiddleware(sessions, { routes: 'all' }));
      app.get('/session/devices/:id', async () => ({ own: true }));
      app.get('/sessions', async () => ({ own: true }));
    });
    expect((await send('/session/devices/1')).text).toBe('{"own":true}');
    expect((await send('/sessions')).text).toBe('{"own":true}');
    const bearer = ['Authorization', headers.authorization] as const;
    expect((await send('/session', { headers: [bearer] })).status).toBe(200);
  });
});
