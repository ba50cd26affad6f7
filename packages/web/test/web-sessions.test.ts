import { createSessions, memoryStore, StoreUnavailableError, UsageError } from '@sess/core';
import { createFakeClock, createFaultyStore, silentLogger } from '@sess/testkit';
import { createWebSessions } from '@sess/web';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { sendRequest } from '../../../test/kit.js';
import { serve } from './host.js';

const ORIGIN = 'https://shop.example';
const NAVIGATION = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' };

async function open(options: Parameters<typeof createWebSessions>[1] = {}) {
  const clock = createFakeClock();
  const faulty = createFaultyStore(memoryStore());
  const sessions = createSessions({ store: faulty.store, clock, logger: silentLogger });
  const web = createWebSessions(sessions, { transport: 'cookie', ...options });
  const { refreshToken, accessToken } = await sessions.create({ subject: 'ada' });
  const cookie = `__Host-sess=${refreshToken}`;
  const request = (headers: HeadersInit, init: RequestInit = {}) =>
    new Request(ORIGIN, { headers, ...init });
  return { clock, faulty, sessions, web, cookie, accessToken, request };
}

/** The values of `Set-Cookie`, without their attributes. */
const cookiesOf = ({ headers }: Response) =>
  headers.getSetCookie().map((line) => line.split(';', 1)[0]);

describe('handle', () => {
  it.each<[string, () => Response]>([
    ['a redirect, whose headers are immutable', () => Response.redirect(ORIGIN, 302)],
    ['not modified', () => new Response(null, { status: 304 })],
    ['no content', () => new Response(null, { status: 204 })],
    ['JSON', () => Response.json({})],
  ])('sends a renewed cookie with %s', async (_what, answer) => {
    const { web, clock, cookie, request } = await open();
    clock.advance('20m');
    const made = answer();
    const sent = await web.handle(request({ cookie }), () => made);
    expect(sent.status).toBe(made.status);
    expect(sent.headers.get('location')).toBe(made.headers.get('location'));
    expect(cookiesOf(sent)).toEqual([expect.stringMatching(/^__Host-sess=srt_/)]);
    expect(cookiesOf(made)).toEqual([]);
  });

  it('keeps all cookies of the application', async () => {
    const { web, request } = await open();
    const sent = await web.handle(request({}, { method: 'POST' }), async (sessions) => {
      await sessions.start({ subject: 'grace' });
      const headers: [string, string][] = [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ];
      return new Response('', { headers });
    });
    expect(cookiesOf(sent)).toEqual(['a=1', 'b=2', expect.stringMatching(/^__Host-sess=srt_/)]);
  });

  it('sends a stream as it is written', async () => {
    const { web, cookie, request } = await open();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const sent = await web.handle(request({ cookie }), ({ session }) => {
      expect(session?.subject).toBe('ada');
      return new Response(readable);
    });
    const writer = writable.getWriter();
    const reader = (sent.body as ReadableStream<Uint8Array>).getReader();
    void writer.write(Uint8Array.of(1));
    expect((await reader.read()).value).toEqual(Uint8Array.of(1));
    await writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  it.each([
    ['undefined, which Bun expects after an upgrade', undefined],
    ['a response of the network, which has no status', Response.error()],
  ])('passes %s on unchanged', async (_what, response) => {
    const { web, cookie, request } = await open();
    const sent = await web.handle(request({ cookie }), (sessions) => {
      void sessions.session;
      return response;
    });
    expect(sent).toBe(response);
  });

  it('passes the response on that the application made if no header was set', async () => {
    const { web, cookie, request } = await open();
    const made = new Response('');
    expect(await web.handle(request({ cookie }), () => made)).toBe(made);
  });

  it('refuses a WebSocket of a page of another site', async () => {
    const { web, cookie, request } = await open();
    const guarded = web.guard({}, () => new Response('open'));
    const opening = { cookie, upgrade: 'websocket', origin: 'https://evil.example' };
    expect((await web.handle(request(opening), guarded)).status).toBe(403);
    const own = { ...opening, origin: ORIGIN };
    expect((await web.handle(request(own), guarded)).status).toBe(200);
  });

  it('responds with 503 if the store fails in the application, and throws its other errors', async () => {
    const { web, faulty, request, sessions } = await open();
    const failing = await web.handle(request({}), async () => {
      faulty.fail();
      return Response.json(await sessions.list('ada'));
    });
    expect([failing.status, failing.headers.get('retry-after')]).toEqual([503, '1']);
    const mistake = new Error('of the application');
    const thrown = web.handle(request({}), () => Promise.reject(mistake));
    await expect(thrown).rejects.toBe(mistake);
  });

  it('rejects a sign-in that ends after the response', async () => {
    const { web, request } = await open();
    let late: Promise<unknown> | undefined;
    await web.handle(request({}, { method: 'POST' }), (sessions) => {
      late = Promise.resolve().then(() => sessions.start({ subject: 'ada' }));
      return new Response('');
    });
    await expect(late).rejects.toMatchObject({ code: 'answer_sent' });
  });

  it('takes a request with a member that throws, as those of Next.js have', async () => {
    const { web, cookie } = await open();
    class NextRequest extends Request {
      get request(): never {
        throw new Error('of the framework');
      }
    }
    const request = new NextRequest(ORIGIN, { headers: { cookie } });
    const sent = await web.handle(request, ({ session }) => new Response(session?.subject));
    expect(await sent.text()).toBe('ada');
  });

  it('takes the address of the client for the list of devices', async () => {
    const { web, request, sessions } = await open();
    const given = request({ 'user-agent': 'Lynx' }, { method: 'POST' });
    await web.handle({ request: given, ip: '192.0.2.7' }, async (own) =>
      Response.json(await own.start({ subject: 'grace' })),
    );
    const [session] = await sessions.list('grace');
    expect(session?.device).toMatchObject({ ip: '192.0.2.7', userAgent: 'Lynx' });
  });

  it('serves the session routes over a socket, HEAD included', async () => {
    const { web, cookie } = await open({ routes: 'all', basePath: '/api/session' });
    const { url, close } = await serve((request) =>
      web.handle(request, () => new Response('page')),
    );
    onTestFinished(close);
    const headers = [['cookie', cookie]] as const;
    const head = await sendRequest(`${url}/api/session`, { method: 'HEAD', headers });
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await sendRequest(`${url}/session`, { headers })).text).toBe('page');
  });

  it.each([
    ['a small form', 'access_token=x', 400],
    ['a form that is too long to be looked into', `a=${'x'.repeat(102_400)}&access_token=x`, 200],
  ])('looks for a second token in %s, and leaves it readable', async (_what, body, status) => {
    const { web, accessToken } = await open({ transport: 'both' });
    const type = 'application/x-www-form-urlencoded';
    const headers = {
      authorization: `Bearer ${accessToken}`,
      'content-type': type,
      'content-length': `${body.length}`,
    };
    const request = new Request(ORIGIN, { method: 'POST', headers, body });
    const guarded = web.guard({}, () => new Response(''));
    expect((await web.handle(request, guarded)).status).toBe(status);
    expect(await request.text()).toBe(body);
  });
});

describe('read', () => {
  it('returns the session of a cookie that is due for renewal, and does not renew it', async () => {
    const { web, clock, cookie, request, faulty } = await open();
    clock.advance('20m');
    const writes = () => faulty.calls.get('replaceAuth') ?? 0;
    const before = writes();
    for (const source of [request({ cookie }), new Headers({ cookie })]) {
      expect((await web.read(source))?.subject).toBe('ada');
    }
    expect(writes()).toBe(before);
    const { headers } = await web.handle(request({ cookie }), () => new Response(''));
    expect(headers.getSetCookie()).toHaveLength(1);
  });

  it('returns the session of a bearer token where the transport has it', async () => {
    const { web, accessToken } = await open({ transport: 'both' });
    const authorization = `Bearer ${accessToken}`;
    expect((await web.read(new Headers({ authorization })))?.subject).toBe('ada');
    const twice = new Headers({ authorization: `${authorization}, ${authorization}` });
    expect(await web.read(twice)).toBeNull();
  });

  it('returns null for the path of a session route, and does not serve it', async () => {
    const { web, cookie, sessions } = await open();
    const logout = new Request(`${ORIGIN}/session/logout`, { method: 'POST' });
    expect(await web.read(logout)).toBeNull();
    const own = new Request(logout, { headers: { cookie, 'sec-fetch-site': 'same-origin' } });
    expect((await web.read(own))?.subject).toBe('ada');
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it.each([
    ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 'ada'],
    ['a form', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, undefined],
    ['an old browser’s form', { host: 'shop.example', origin: 'https://evil.example' }, undefined],
    ['an own form', { host: 'shop.example', origin: ORIGIN }, 'ada'],
    [
      'a body without an origin',
      { 'sec-fetch-site': 'same-site', 'content-type': 'a/b' },
      undefined,
    ],
  ])('of headers alone, %s of a page identifies %o as %s', async (_what, headers, subject) => {
    const { web, cookie } = await open();
    const session = await web.read(new Headers({ cookie, ...(headers as object) }));
    expect(session?.subject).toBe(subject);
  });

  it('takes headers that have a member of that name, as those of Next.js do', async () => {
    const { web, cookie } = await open();
    const headers = Object.assign(new Headers({ cookie }), { headers: {} });
    expect((await web.read(headers))?.subject).toBe('ada');
  });

  it('throws if the store fails, or returns null if it is configured to', async () => {
    for (const onStoreError of ['fail', 'anonymous'] as const) {
      const { web, cookie, faulty } = await open({ onStoreError });
      faulty.fail();
      const reading = web.read(new Headers({ cookie }));
      if (onStoreError === 'fail') await expect(reading).rejects.toThrow(StoreUnavailableError);
      else expect(await reading).toBeNull();
    }
  });
});

describe('guard', () => {
  it('redirects a page without a session, and responds with 401 to other requests', async () => {
    const { web, request } = await open();
    const guarded = web.guard({ redirectTo: '/sign-in' }, ({ session }) => {
      expectTypeOf(session.subject).toEqualTypeOf<string>();
      return Response.json(session);
    });
    const page = await web.handle(new Request(`${ORIGIN}/a?b`, { headers: NAVIGATION }), guarded);
    expect([page.status, page.headers.get('location')]).toEqual([
      303,
      '/sign-in?return_to=%2Fa%3Fb',
    ]);
    expect((await web.handle(request({}), guarded)).status).toBe(401);
  });

  it('refuses options that it does not know when it is created', async () => {
    const { web } = await open();
    expect(() => web.guard({ redirectsTo: '/' } as object, () => new Response(''))).toThrow(
      UsageError,
    );
  });
});

it('createWebSessions uses the engine of the process by default, and refuses another value', () => {
  expect(createWebSessions()).toBeTypeOf('object');
  expect(() => createWebSessions({} as never)).toThrow(UsageError);
});

it('the session has the data type of the engine', () => {
  const web = createWebSessions(createSessions<{ role: 'user' | 'admin' }>());
  web.guard({ where: ({ data }) => data.role === 'admin' }, ({ session }) => {
    expectTypeOf(session.data.role).toEqualTypeOf<'user' | 'admin'>();
    return new Response('');
  });
  expectTypeOf(web.read).returns.resolves.not.toBeAny();
});
