import fastifyCookie from '@fastify/cookie';
import { createSessions, type Sessions, StoreUnavailableError } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import { signIn } from '@sess/testkit';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { post, start } from './start.js';

const namesOf = (setCookies: readonly string[]) =>
  setCookies.map((line) => line.split('=')[0]).sort();

describe('the refresh cookie', () => {
  /** Answers a sign-in in a way that does not pass by Fastify's usual one. */
  type Answer = (request: FastifyRequest, reply: FastifyReply) => unknown;

  function login(answer: Answer) {
    return start((app) => {
      app.register(sessionMiddleware(createSessions()));
      app.post('/login', async (request, reply) => {
        await request.sessions.start({ subject: 'ada' });
        return answer(request, reply);
      });
      app.post('/hijack-first', async (request, reply) => {
        reply.hijack();
        await request.sessions.start({ subject: 'ada' });
        reply.raw.end('raw');
      });
    });
  }

  it.each<[string, Answer]>([
    [
      'reply.hijack()',
      (_request, reply) => {
        reply.hijack();
        reply.raw.end('raw');
      },
    ],
    [
      'reply.raw.writeHead() with headers',
      (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { 'X-Own': 'yes' });
        reply.raw.end('raw');
      },
    ],
    [
      'reply.raw.writeHead() with a list of headers',
      (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, ['X-Own', 'yes']);
        reply.raw.end('raw');
      },
    ],
    ['a Response', () => new Response('raw', { headers: { 'X-Own': 'yes' } })],
    ['an empty 304', (_request, reply) => reply.code(304).send()],
    ['a serializer of the route', (_request, reply) => reply.serializer(String).send({ a: 1 })],
  ])(
    'the refresh cookie is sent once after %s, with Cache-Control and Vary',
    async (_way, answer) => {
      const send = await login(answer);
      const { setCookies, headers } = await send('/login', post());
      expect(namesOf(setCookies)).toEqual(['__Host-sess']);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['vary']).toBe('Sec-Fetch-Site, Origin');
    },
  );

  it('the refresh cookie is sent if the reply was hijacked before the sign-in', async () => {
    const send = await login(() => 0);
    const answer = await send('/hijack-first', post());
    expect(answer.text).toBe('raw');
    expect(namesOf(answer.setCookies)).toEqual(['__Host-sess']);
  });

  it('the refresh cookie is sent beside those of @fastify/cookie, in each order of registration', async () => {
    for (const isFirst of [true, false]) {
      const send = await start(async (app) => {
        if (isFirst) await app.register(fastifyCookie);
        await app.register(sessionMiddleware(createSessions()));
        if (!isFirst) await app.register(fastifyCookie);
        app.post('/login', async (request, reply) => {
          reply.setCookie('before', '1');
          reply.header('Vary', 'Accept');
          const tokens = await request.sessions.start({ subject: 'ada' });
          reply.setCookie('after', '2').header('Set-Cookie', 'plain=3');
          return tokens;
        });
        app.post('/throw', async (request, reply) => {
          reply.setCookie('before', '1');
          await request.sessions.start({ subject: 'ada' });
          throw new Error('after the sign-in');
        });
      });
      const answer = await send('/login', post());
      expect(namesOf(answer.setCookies)).toEqual(['__Host-sess', 'after', 'before', 'plain']);
      expect(answer.headers['vary']).toBe('Accept, Sec-Fetch-Site, Origin');
      const failed = await send('/throw', post());
      expect(failed.status).toBe(500);
      expect(namesOf(failed.setCookies)).toEqual(['__Host-sess', 'before']);
    }
  });

  it('the refresh cookie keeps raw cookies of the application, and a later sign-in replaces it', async () => {
    const send = await start((app) => {
      app.register(sessionMiddleware(createSessions()));
      app.post('/', async (request, reply) => {
        reply.raw.setHeader('Set-Cookie', 'raw=1');
        await request.sessions.start({ subject: 'ada' });
        await request.sessions.end();
        return {};
      });
    });
    const { setCookies } = await send('/', post());
    expect(setCookies).toEqual([
      'raw=1',
      '__Host-sess=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0',
    ]);
  });

  it('start rejects if the response has been sent', async () => {
    const failures: unknown[] = [];
    const send = await start((app) => {
      app.register(sessionMiddleware(createSessions()));
      app.post('/login', (request, reply) => {
        reply.send({});
        request.sessions.start({ subject: 'ada' }).catch((error: unknown) => failures.push(error));
      });
    });
    await send('/login', post());
    await expect
      .poll(() => failures)
      .toMatchObject([{ code: 'answer_sent', message: /Await start\(\)/ }]);
  });
});

describe('sessionErrors', () => {
  function routes(app: FastifyInstance, sessions: Sessions): void {
    app.register(sessionMiddleware(sessions));
    app.get('/store', async () => {
      throw new StoreUnavailableError('the store at 10.0.0.7 is down');
    });
    app.get('/own', async () => {
      throw Object.assign(new Error('tea'), { statusCode: 418 });
    });
    app.get('/text', async () => {
      // biome-ignore lint/style/useThrowOnlyError: programs do
      throw 'text';
    });
    app.patch(
      '/late',
      requireSession((request) =>
        sessions.revoke(request.session.sid).then(() => request.sessions.update({ a: 1 })),
      ),
    );
  }

  it("sessionErrors responds to the library's errors with problems, and leaves others to Fastify", async () => {
    const sessions = createSessions();
    const { headers } = await signIn(sessions, { subject: 'ada' });
    const send = await start((app) => {
      app.setErrorHandler(sessionErrors());
      routes(app, sessions);
    });
    const down = await send('/store');
    expect(down.status).toBe(503);
    expect(down.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': '1',
      'cache-control': 'no-store',
    });
    expect(down.text).not.toContain('10.0.0.7');
    const late = await send('/late', {
      ...post(),
      method: 'PATCH',
      headers: [['Authorization', headers.authorization]],
    });
    expect(late.status).toBe(401);
    expect(late.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    expect((await send('/own')).status).toBe(418);
    expect((await send('/text')).status).toBe(500);
  });

  it("sessionErrors calls the application's handler for other errors", async () => {
    const send = await start((app) => {
      app.setErrorHandler(
        sessionErrors((error, _request, reply) => reply.code(599).send({ own: String(error) })),
      );
      routes(app, createSessions());
    });
    expect((await send('/store')).status).toBe(503);
    expect((await send('/own')).text).toBe('{"own":"Error: tea"}');
    expect((await send('/text')).status).toBe(599);
  });

  it('sessionErrors passes other errors to the handler of the scope above', async () => {
    const send = await start((app) => {
      app.setErrorHandler((_error, _request, reply) => reply.code(598).send({}));
      const inner: FastifyPluginAsync = async (below) => {
        below.setErrorHandler(sessionErrors());
        routes(below, createSessions());
      };
      app.register(inner);
    });
    expect((await send('/store')).status).toBe(503);
    expect((await send('/own')).status).toBe(598);
  });

  it('Fastify responds with the right status and Retry-After without sessionErrors', async () => {
    const send = await start((app) => routes(app, createSessions()));
    const answer = await send('/store');
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
  });
});

it('headers that a hook has set before stay on refusals and on session routes [responses.kept]', async () => {
  const policy = "default-src 'none'";
  const send = await start((app) => {
    app.addHook('onRequest', (_request, reply, done) => {
      reply.header('Content-Security-Policy', policy);
      done();
    });
    app.register(sessionMiddleware(createSessions(), { transport: 'cookie' }));
    app.get('/page', { preHandler: requireSession({ redirectTo: '/sign-in' }) }, () => 'page');
  });
  const sent = await Promise.all([
    send('/page', { headers: [['Sec-Fetch-Mode', 'navigate']] }),
    send('/page', { headers: [['Sec-Fetch-Mode', 'cors']] }),
    send('/session/refresh', post()),
  ]);
  expect(sent.map(({ status }) => status)).toEqual([303, 401, 401]);
  for (const { headers } of sent) expect(headers['content-security-policy']).toBe(policy);
});
