import { Readable } from 'node:stream';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/fastify';
import type { HostSetup } from '@sess/testkit/suites';
import Fastify from 'fastify';
import type { RunningHost } from '../../../test/kit.js';

interface Login {
  Body: { user: string; keep?: readonly string[] };
  Params: { kind: string };
}

const allowCaching = (kind: string) => ({
  'X-Kind': kind,
  'Cache-Control': 'public',
  'CDN-Cache-Control': 'public',
});

/** The application that the adapter suite asks for. */
export async function startHost({ sessions, options, gate }: HostSetup): Promise<RunningHost> {
  // The suite sends prototypes on purpose, to see what the engine makes of them.
  const app = Fastify({ onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  );
  // A body without a type is refused unless something takes it, an empty one in chunks included.
  app.addContentTypeParser('*', async () => undefined);
  await app.register(sessionMiddleware(sessions, options));
  app.setErrorHandler(sessionErrors((_error, _request, reply) => reply.code(500).send({})));

  app.post<Login>('/login', (request) =>
    request.sessions.start({ subject: request.body.user, keep: request.body.keep ?? [] }),
  );
  app.post('/logout-here', async (request, reply) => {
    await request.sessions.end();
    return reply.code(204).send();
  });
  app.get('/public', async (request, reply) => {
    const { caching } = request.query as { readonly caching?: string };
    if (caching !== undefined)
      reply.headers({ 'Cache-Control': caching, 'CDN-Cache-Control': 'max-age=60' });
    reply.header('X-Own-Host', request.host);
    return { user: request.session?.subject ?? null };
  });
  app.get('/file', async (_request, reply) => {
    reply.headers({ 'Cache-Control': 'public, max-age=60', 'CDN-Cache-Control': 'max-age=60' });
    return 'file';
  });
  app.get('/tag', { preHandler: requireSession() }, async (request, reply) => {
    reply.header('ETag', '"1"');
    if (request.headers['if-none-match'] === '"1"') return reply.code(304).send();
    return 'page';
  });
  app.get('/feed', { preHandler: requireSession() }, async (_request, reply) =>
    reply.send(Readable.from(['one', 'two'])),
  );
  app.get(
    '/me',
    requireSession((request) => request.session),
  );
  app.patch<{ Body: Record<string, unknown> }>(
    '/me',
    requireSession((request) => request.sessions.update(request.body)),
  );
  app.post('/reauth', { preHandler: requireSession() }, (request) => request.sessions.elevate());
  app.post(
    '/transfer',
    { preHandler: requireSession({ authenticatedWithin: '5m' }) },
    async () => ({ ok: true }),
  );
  app.get(
    '/admin',
    { preHandler: requireSession({ where: (session) => session.subject === 'admin' }) },
    async () => ({ ok: true }),
  );
  app.get(
    '/page',
    { preHandler: requireSession({ redirectTo: '/sign-in' }) },
    async (request, reply) => {
      const { caching } = request.query as { readonly caching?: string };
      if (caching !== undefined) reply.header('Cache-Control', `${caching}, max-age=60`);
      return 'page';
    },
  );
  app.get('/bound', { preHandler: requireSession({ bound: true }) }, async () => ({ ok: true }));
  app.post('/form', { preHandler: requireSession() }, async () => ({ ok: true }));
  app.get('/guest', async (request) => ({ data: request.sessions.guest.data }));
  app.patch<{ Body: Record<string, unknown> }>('/guest', async (request) => {
    const { data } = await request.sessions.guest.update(request.body);
    return { data };
  });
  app.post<{ Body: { name: string; value: unknown } }>('/put', async (request, reply) => {
    await request.sessions.put(request.body.name, request.body.value);
    return reply.code(204).send();
  });
  app.post<{ Body: { name: string } }>('/take', async (request) => ({
    value: (await request.sessions.take(request.body.name)) ?? null,
  }));
  app.route({
    method: ['GET', 'POST'],
    url: '/session/own',
    handler: async () => ({ own: true }),
  });
  app.post(
    '/tamper',
    requireSession(async (request) => {
      try {
        Object.assign(request.session, request.body);
      } catch {
        // The session is frozen: what counts is what `elevate` does afterwards.
      }
      return request.sessions.elevate();
    }),
  );
  app.addHook('onSend', async (request, reply) => {
    const { kind } = request.params as { kind?: string };
    // A hook comes after the handler, and after the hooks of plugins.
    if (kind === 'head') reply.headers(allowCaching(kind));
  });
  app.post<{ Body: Record<string, unknown> }>(
    '/race',
    { onRequest: requireSession() },
    async (request) => {
      await gate();
      return request.sessions.update(request.body);
    },
  );
  app.post<Login>('/login/:kind', async (request, reply) => {
    reply.header('Set-Cookie', 'app=1');
    const { kind } = request.params;
    const tokens = await request.sessions.start(
      { subject: request.body.user },
      kind === 'provider' ? { origins: ['https://id.example'] } : {},
    );
    reply.header('Set-Cookie', 'late=1');
    if (kind === 'public') return reply.headers(allowCaching(kind)).send('ok');
    if (kind === 'head') return 'ok';
    if (kind === 'list') {
      reply.hijack();
      const headers = Object.entries({ ...allowCaching(kind), 'Set-Cookie': 'late=1' });
      return void reply.raw.writeHead(200, headers.flat()).end('ok');
    }
    if (kind === 'json' || kind === 'provider') return tokens;
    if (kind === 'redirect') return reply.redirect('/public');
    if (kind === 'throw') throw new Error('after the sign-in');
    return reply.send(Readable.from(['one', 'two']));
  });

  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() };
}
