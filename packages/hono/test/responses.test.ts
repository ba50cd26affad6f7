import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { createSessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { type Context, Hono } from 'hono';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { stream, streamSSE } from 'hono/streaming';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendRequest } from '../../../test/kit.js';
import { serve } from './host.js';

const sessions = createSessions();

type Answer = (c: Context<SessionEnv>) => Response | Promise<Response>;

/** Signs in, and answers as told; the request goes over a socket. */
async function signInAnd(answer: Answer, method = 'POST') {
  const app = new Hono<SessionEnv>().use(sessionMiddleware(sessions));
  app.on(method === 'HEAD' ? 'GET' : method, '/', async (c) => {
    await c.var.sessions.start({ subject: 'ada' });
    return answer(c);
  });
  app.onError(sessionErrors((_error, c) => c.text('failed', 500)));
  const { url, close } = await serve(app);
  onTestFinished(close);
  return sendRequest(url, { method });
}

const fixed = await fetch('data:text/plain,fetched');

describe('the refresh cookie', () => {
  const kinds: [string, number, string, Answer][] = [
    ['c.json', 200, '{}', (c) => c.json({})],
    ['c.text', 200, 'hello', (c) => c.text('hello')],
    ['a raw Response', 201, 'raw', () => new Response('raw', { status: 201 })],
    ['a raw Response of bytes', 200, 'ab', () => new Response(Uint8Array.of(97, 98))],
    ['an empty Response', 204, '', () => new Response(null, { status: 204 })],
    ['Response.json', 200, '[1]', () => Response.json([1])],
    ['Response.redirect', 302, '', () => Response.redirect('http://localhost/public', 302)],
    ['a Response whose headers are fixed', 200, 'fetched', () => fixed],
    ['not modified', 304, '', (c) => c.body(null, 304)],
    [
      'a stream',
      200,
      'onetwo',
      (c) =>
        stream(c, async (out) => {
          await out.write('one');
          await out.write('two');
        }),
    ],
    ['events', 200, 'data: 1\n\n', (c) => streamSSE(c, (out) => out.writeSSE({ data: '1' }))],
    ['the answer to nothing found', 404, '404 Not Found', (c) => c.notFound()],
    [
      'an error',
      500,
      'failed',
      () => {
        throw new Error('after');
      },
    ],
    [
      'an error of the library',
      400,
      '',
      async (c) => {
        await c.var.sessions.start({ subject: '' });
        return c.text('');
      },
    ],
  ];

  it.each(kinds)(
    'the refresh cookie is sent once with %s: %i',
    async (_what, status, text, answer) => {
      const sent = await signInAnd(answer);
      expect(sent.status).toBe(status);
      if (status !== 400) expect(sent.text).toBe(text);
      expect(sent.setCookies).toEqual([expect.stringMatching(/^__Host-sess=srt_/)]);
      expect(sent.headers['cache-control']).toBe('no-store');
      expect(sent.headers['vary']).toBe('Sec-Fetch-Site, Origin');
    },
  );

  it('the refresh cookie is sent with HEAD', async () => {
    const sent = await signInAnd((c) => c.text('hello'), 'HEAD');
    expect([sent.status, sent.text]).toEqual([200, '']);
    expect(sent.setCookies).toHaveLength(1);
  });

  it('the refresh cookie is that of the later of two sign-ins', async () => {
    const sent = await signInAnd(async (c) => {
      await c.var.sessions.start({ subject: 'grace' });
      return c.text(c.var.session?.sid ?? '');
    });
    expect(sent.setCookies).toEqual([expect.stringContaining(`srt_${sent.text}`)]);
  });

  it('the refresh cookie is not set on a Response that the application reuses', async () => {
    const shared = new Response(null, { status: 204 });
    for (let time = 0; time < 2; time += 1) {
      expect((await signInAnd(() => shared)).setCookies).toHaveLength(1);
    }
    expect(shared.headers.getSetCookie()).toEqual([]);
  });

  it('the refresh cookie is not set on a response of the context that the application reuses', async () => {
    let kept: Response | undefined;
    for (let time = 0; time < 2; time += 1) {
      const sent = await signInAnd((c) => {
        kept ??= c.body(null, 204);
        return kept;
      });
      expect(sent.setCookies).toHaveLength(1);
    }
    expect(kept?.headers.getSetCookie()).toEqual([]);
  });

  it('a response that was written without Hono stays unchanged', async () => {
    const sent = await signInAnd((c) => {
      const { outgoing } = c.env as unknown as HttpBindings;
      outgoing.writeHead(202, { 'Set-Cookie': 'own=1' }).end('by hand');
      return RESPONSE_ALREADY_SENT;
    });
    expect([sent.status, sent.text, sent.setCookies]).toEqual([202, 'by hand', ['own=1']]);
    expect(RESPONSE_ALREADY_SENT.headers.getSetCookie()).toEqual([]);
  });

  it('the refresh cookie is sent beside cookies of the application, in each way to set them', async () => {
    const sent = await signInAnd((c) => {
      c.header('Set-Cookie', 'a=1', { append: true });
      const headers = new Headers([
        ['Set-Cookie', 'b=2'],
        ['Set-Cookie', '__Host-sess=mine'],
        ['Vary', 'Accept, origin'],
      ]);
      return c.newResponse('', { headers });
    });
    expect(sent.setCookies.map((line) => line.split(/[=;]/, 2).join('='))).toEqual([
      'a=1',
      'b=2',
      expect.stringMatching(/^__Host-sess=srt_/),
    ]);
    expect(sent.headers['vary']).toBe('Accept, origin, Sec-Fetch-Site');
  });

  it('a response with the refresh cookie is not stored although the application allows it', async () => {
    const ways: Answer[] = [
      (c) => c.text('', 200, { 'Cache-Control': 'public' }),
      () => new Response('', { headers: { 'Cache-Control': 'public' } }),
    ];
    for (const way of ways) {
      expect((await signInAnd(way)).headers['cache-control']).toBe('no-store');
    }
  });

  it('the refresh cookie passes middlewares before and after', async () => {
    const app = new Hono<SessionEnv>()
      .use(async (c, next) => {
        await next();
        c.header('X-Outer', '1');
        c.header('Set-Cookie', 'outer=1', { append: true });
      })
      .use(sessionMiddleware(sessions), etag())
      .post('/', async (c) => {
        await c.var.sessions.start({ subject: 'ada' });
        throw new HTTPException(409, { res: new Response('taken', { status: 409 }) });
      });
    const answer = await app.request('/', { method: 'POST' });
    expect([answer.status, await answer.text()]).toEqual([409, 'taken']);
    expect(answer.headers.get('X-Outer')).toBe('1');
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sess=srt_/),
      'outer=1',
    ]);
  });
});

describe('a response that is on its way', () => {
  it('start rejects with a hint to await it if the response has been sent', async () => {
    const failures: unknown[] = [];
    let ended: () => void = () => {};
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const app = new Hono<SessionEnv>().use(sessionMiddleware(sessions)).post('/', (c) =>
      stream(c, async (out) => {
        await out.write('one');
        await c.var.sessions.start({ subject: 'ada' }).catch((error) => failures.push(error));
        ended();
      }),
    );
    const answer = await app.request('/', { method: 'POST' });
    expect(await answer.text()).toBe('one');
    await end;
    expect(failures).toMatchObject([{ code: 'answer_sent', message: /Await start\(\)/ }]);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('a response is not copied if no header was set', async () => {
    const special = Object.defineProperty(new Response(''), 'headers', {
      get() {
        throw new Error('touched');
      },
    });
    const app = new Hono().use(sessionMiddleware(sessions)).get('/', () => special);
    expect(await app.request('/')).toBe(special);
  });
});

it('headers that a middleware has set before stay on refusals and on session routes [responses.kept]', async () => {
  const policy = "default-src 'none'";
  const app = new Hono<SessionEnv>()
    .use(async (c, next) => {
      c.header('Content-Security-Policy', policy);
      await next();
    })
    .use(sessionMiddleware(sessions, { transport: 'cookie' }))
    .get('/page', requireSession({ redirectTo: '/sign-in' }), (c) => c.text('page'));
  const sent = await Promise.all([
    app.request('/page', { headers: { 'sec-fetch-mode': 'navigate' } }),
    app.request('/page', { headers: { 'sec-fetch-mode': 'cors' } }),
    app.request('/session/refresh', { method: 'POST' }),
  ]);
  expect(sent.map(({ status }) => status)).toEqual([303, 401, 401]);
  for (const { headers } of sent) expect(headers.get('content-security-policy')).toBe(policy);
});

describe('the response of a page', () => {
  /** Asks for a page with the cookie of a user, and without it. */
  async function load(answer: Answer) {
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const made: Response[] = [];
    const sent: Response[] = [];
    const app = new Hono<SessionEnv>()
      .use(sessionMiddleware(sessions, { transport: 'cookie' }))
      .get('/', async (c) => {
        void c.var.session;
        const response = await answer(c);
        made.push(response);
        return response;
      });
    for (const cookie of [`__Host-sess=${refreshToken}`, '']) {
      sent.push(await app.request('/', { headers: { cookie, 'sec-fetch-mode': 'navigate' } }));
    }
    return { made, sent };
  }

  it.each<[string, Answer]>([
    ['c.html', (c) => c.html('<p>page')],
    ['c.html with a promise', (c) => c.html(Promise.resolve('<p>page'))],
    ['c.render', (c) => c.render('page')],
    ['c.redirect', (c) => c.redirect('/other')],
    ['c.newResponse', (c) => c.newResponse('page')],
  ])(
    'the response of a page by %s is sent itself, not as a copy [cookie.caching]',
    async (_, answer) => {
      const { made, sent } = await load(answer);
      expect(sent[0]).toBe(made[0]);
      expect(sent[0]?.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('the response of a page without a user has not the caching of one with a user, although the application reuses it [cookie.caching]', async () => {
    const shared = new Response(null, { status: 204 });
    const { sent } = await load(() => shared);
    expect(sent.map(({ headers }) => headers.get('cache-control'))).toEqual(['no-store', null]);
  });
});
