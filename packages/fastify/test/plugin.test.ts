import { createSessions, UsageError } from '@sess/core';
import { requireSession, sessionMiddleware } from '@sess/fastify';
import { signIn } from '@sess/testkit';
import Fastify, { type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify';
import { fastifyPlugin } from 'fastify-plugin';
import { describe, expect, it } from 'vitest';
import { post, start } from './start.js';

const whoIs = async (request: FastifyRequest) => ({ user: request.session?.subject ?? null });

async function signedIn(user = 'ada') {
  const sessions = createSessions();
  const { headers } = await signIn(sessions, { subject: user });
  return { sessions, bearer: ['Authorization', headers.authorization] as const };
}

/** What registering plugins, one after the other, fails with. */
async function failureOf(...plugins: FastifyPluginAsync[]): Promise<unknown> {
  const app = Fastify();
  for (const plugin of plugins) app.register(plugin);
  return app.ready().then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Takes `request.session` as @fastify/session does. */
const other: FastifyPluginAsync = fastifyPlugin(async (app) => {
  app.decorateRequest('session', null);
});

describe('registering', () => {
  it('the plugin verifies tokens with the given engine', async () => {
    const { sessions, bearer } = await signedIn();
    const send = await start((app) => app.register(sessionMiddleware(sessions)).get('/', whoIs));
    expect((await send('/', { headers: [bearer] })).text).toBe('{"user":"ada"}');
    expect((await send('/session/list')).status).toBe(404);
  });

  it('the plugin works without arguments', async () => {
    const send = await start((app) => {
      app.register(sessionMiddleware());
      app.post('/login', (request) => request.sessions.start({ subject: 'ada' }));
    });
    expect((await send('/login', post())).status).toBe(200);
  });

  it('sessionMiddleware refuses a value that is not an engine, and an unknown option', () => {
    expect(() => sessionMiddleware({} as never)).toThrow(UsageError);
    expect(() => sessionMiddleware(undefined, { basePath: 'x' })).toThrow(/basePath/);
    expect(() => sessionMiddleware(undefined, { route: 'all' } as never)).toThrow(/route/);
  });

  it('registering fails if another plugin, or this one, has request.session already', async () => {
    const conflict = { name: 'UsageError', code: 'middleware_conflict' };
    expect(await failureOf(other, sessionMiddleware())).toMatchObject(conflict);
    expect(await failureOf(sessionMiddleware(), sessionMiddleware())).toMatchObject(conflict);
    const nested: FastifyPluginAsync = async (app) => void app.register(sessionMiddleware());
    expect(await failureOf(sessionMiddleware(), nested)).toMatchObject(conflict);
    // The other one comes second: it is Fastify that will not have two.
    expect(await failureOf(sessionMiddleware(), other)).toMatchObject({
      code: 'FST_ERR_DEC_ALREADY_PRESENT',
    });
  });

  it('registering in a scope above one that has the plugin is refused at the first request', async () => {
    const below: FastifyPluginAsync = async (app) => {
      app.register(sessionMiddleware());
      app.get('/', whoIs);
    };
    const send = await start((app) => {
      app.register(below, { prefix: '/below' });
      app.register(sessionMiddleware());
    });
    expect(JSON.parse((await send('/below')).text)).toMatchObject({ code: 'middleware_conflict' });
  });

  it('a hook that assigns request.session is refused', async () => {
    const send = await start((app) => {
      app.register(sessionMiddleware());
      app.addHook('onRequest', async (request) => void Object.assign(request, { session: {} }));
      app.get('/', whoIs);
    });
    const answer = await send('/');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'middleware_conflict' });
  });
});

describe('a scope', () => {
  it('a scope has its sessions at its prefix, and other scopes have none', async () => {
    const [ada, bob] = [await signedIn('ada'), await signedIn('bob')];
    const scope =
      (sessions: typeof ada.sessions): FastifyPluginAsync =>
      async (app) => {
        app.register(sessionMiddleware(sessions, { routes: 'all' }));
        app.get('/me', whoIs);
      };
    const send = await start((app) => {
      app.register(scope(ada.sessions), { prefix: '/a' });
      app.register(scope(bob.sessions), { prefix: '/:tenant/b/' });
      app.get('/', async (request) => ({ has: 'session' in request }));
    });
    expect((await send('/a/me', { headers: [ada.bearer] })).text).toBe('{"user":"ada"}');
    expect((await send('/a/me', { headers: [bob.bearer] })).text).toBe('{"user":null}');
    expect((await send('/x/b/me', { headers: [bob.bearer] })).text).toBe('{"user":"bob"}');
    expect((await send('/a/session', { headers: [ada.bearer] })).status).toBe(200);
    expect((await send('/x/b/session/list', { headers: [bob.bearer] })).status).toBe(200);
    expect((await send('/a/session/refresh', post())).status).toBe(401);
    expect((await send('/a/session/refresh')).headers['allow']).toBe('POST');
    expect((await send('/session/refresh', post())).status).toBe(404);
    expect((await send('/')).text).toBe('{"has":false}');
  });

  it('scopes below have the sessions of the scope above', async () => {
    const { sessions, bearer } = await signedIn();
    const send = await start((app) => {
      app.register(sessionMiddleware(sessions));
      const below: FastifyPluginAsync = async (inner) => void inner.get('/me', whoIs);
      app.register(below, { prefix: '/v1' });
    });
    expect((await send('/v1/me', { headers: [bearer] })).text).toBe('{"user":"ada"}');
  });
});

describe('the access token', () => {
  it('the access token is verified once, before the handler, and only if there is one', async () => {
    const { sessions, bearer } = await signedIn();
    let verified = 0;
    const counting = {
      ...sessions,
      verify: (token: unknown) => {
        verified += 1;
        return sessions.verify(token);
      },
    };
    const send = await start((app) => {
      app.register(sessionMiddleware(counting));
      app.get('/', { preHandler: [requireSession(), requireSession()] }, whoIs);
    });
    await send('/', { headers: [bearer] });
    expect(verified).toBe(1);
    await send('/');
    await send('/session/refresh', post([bearer]));
    expect(verified).toBe(1);
  });

  it('the access token may be set in the header by an earlier hook', async () => {
    const { sessions, bearer } = await signedIn();
    const send = await start((app) => {
      app.addHook('onRequest', async (request) => {
        request.headers.authorization = bearer[1];
      });
      app.register(sessionMiddleware(sessions));
      app.get('/', whoIs);
    });
    expect((await send('/')).text).toBe('{"user":"ada"}');
  });
});

describe('requireSession', () => {
  const open = async (_request: FastifyRequest, reply: FastifyReply) => reply.send({ open: true });

  it('requireSession guards as onRequest, as preHandler, and around a handler', async () => {
    const { sessions, bearer } = await signedIn();
    const send = await start((app) => {
      app.register(sessionMiddleware(sessions));
      app.get('/a', { onRequest: requireSession() }, open);
      app.get('/b', { preHandler: requireSession() }, open);
      app.get('/c', requireSession(open));
      app.get('/d', requireSession({ where: () => true }, open));
    });
    for (const path of ['/a', '/b', '/c', '/d']) {
      expect([path, (await send(path)).status]).toEqual([path, 401]);
      expect((await send(path, { headers: [bearer] })).text).toBe('{"open":true}');
    }
  });

  it('requireSession guards a whole scope except its session routes', async () => {
    const { sessions, bearer } = await signedIn();
    const send = await start((app) => {
      app.register(sessionMiddleware(sessions));
      app.addHook('onRequest', requireSession());
      app.addHook('preHandler', requireSession());
      app.get('/', open);
    });
    expect((await send('/')).status).toBe(401);
    expect((await send('/', { headers: [bearer] })).status).toBe(200);
    expect((await send('/session/logout', post())).status).toBe(204);
  });

  it('requireSession names the plugin that is missing', async () => {
    const send = await start((app) => app.get('/', { preHandler: requireSession() }, open));
    expect(JSON.parse((await send('/')).text)).toMatchObject({ code: 'middleware_missing' });
  });

  it('requireSession throws if where returns a promise', async () => {
    const { sessions, bearer } = await signedIn();
    const where = (async () => false) as never;
    const send = await start((app) => {
      app.register(sessionMiddleware(sessions));
      app.get('/', { preHandler: requireSession({ where }) }, open);
    });
    const answer = await send('/', { headers: [bearer] });
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid_argument' });
  });
});

it.each([
  [false, 'http://evil.example', 403],
  [true, 'http://proxy.example:8080', 401],
  [true, 'http://proxy.example', 403],
])(
  'X-Forwarded-Host counts only behind a trusted proxy: %s, %s',
  async (trustProxy, origin, status) => {
    const send = await start((app) => app.register(sessionMiddleware(createSessions())), {
      trustProxy,
    });
    const forwarded = trustProxy ? 'proxy.example:8080' : 'evil.example';
    const headers = [
      ['Origin', origin],
      ['X-Forwarded-Host', forwarded],
    ] as const;
    expect((await send('/session/refresh', post(headers))).status).toBe(status);
  },
);
