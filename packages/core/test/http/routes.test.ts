import type { HttpOptions } from '@sess/core/http';
import { describe, expect, it } from 'vitest';
import { createSessionHttp } from '../../src/http/handler.js';
import { RequestOperations } from '../../src/http/request-operations.js';
import { bodyOf, serve } from './open.js';

describe('listed routes', () => {
  const unasked = () => expect.unreachable('nobody has asked anything yet') as never;
  const listed = (options: HttpOptions) =>
    createSessionHttp(unasked, options).routes.map(({ method, path }) => `${method} ${path}`);

  it('the listed routes are those that are mounted, with the base path', () => {
    expect(listed({})).toEqual(['POST /session/refresh', 'POST /session/logout']);
    expect(listed({ routes: 'none' })).toEqual([]);
    expect(listed({ routes: 'all', basePath: '/auth' })).toEqual([
      'POST /auth/refresh',
      'POST /auth/logout',
      'POST /auth/logout-all',
      'POST /auth/logout-others',
      'GET /auth',
      'GET /auth/list',
      'DELETE /auth/:sid',
    ]);
  });

  it('the listed routes have a path below the base, and the keys have not', () => {
    const { routes } = createSessionHttp(unasked, { routes: 'none', jwks: true });
    const keys = '/.well-known/jwks.json';
    expect(routes).toEqual([expect.objectContaining({ method: 'GET', path: keys, below: keys })]);
    const below = createSessionHttp(unasked, {}).routes.map((route) => route.below);
    expect(below).toEqual(['/refresh', '/logout']);
  });
});

describe('a path beside the session routes', () => {
  it.each([
    '/',
    '/sessions',
    '/session/a/b',
    '/session/',
    '/session//a',
    '/session/:sid',
    '/other/session',
  ])('the path %s goes on to the application', async (path) => {
    const { send } = serve();
    expect((await send({ method: 'DELETE', path })).reply).toBeUndefined();
  });
});

describe('a preflight request', () => {
  it('an OPTIONS request with Access-Control-Request-Method goes on to the application, and a POST request does not', async () => {
    const { send } = serve();
    const sent = {
      path: '/session/refresh',
      headers: { 'access-control-request-method': 'POST' },
    };
    expect((await send({ ...sent, method: 'OPTIONS' })).reply).toBeUndefined();
    expect((await send({ ...sent, method: 'POST' })).reply?.status).toBe(401);
  });
});

describe('the caching of what a route responds with', () => {
  it('a session route sets no-store over what the application sets, and the route of the keys does not', async () => {
    const { send } = serve({ jwks: true });
    expect((await send({ path: '/session' })).headers).toEqual({ 'Cache-Control': 'no-store' });
    expect((await send({ path: '/.well-known/jwks.json' })).headers).toEqual({});
  });
});

describe('DELETE /:sid', () => {
  it('the route clears the cookie only if the ended session is that of the request', async () => {
    const { sessions, send } = serve();
    const [mine, other] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'ada' }),
    ];
    const end = (sid: string) =>
      send({ method: 'DELETE', path: `/session/${sid}`, bearer: mine.accessToken });
    expect(await end(other.session.sid)).toMatchObject({ reply: { status: 204 }, cookies: [] });
    const { reply, cookies } = await end(mine.session.sid);
    expect(reply?.status).toBe(204);
    expect(cookies).toEqual([['__Host-sess', expect.stringContaining('Max-Age=0')]]);
  });
});

describe('a fault within a route', () => {
  it('an error that is not of the library rejects, for the application to handle', async () => {
    const { sessions, open } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const { request, handle } = open({ path: '/session', bearer: accessToken });
    const fail = () => {
      throw new RangeError('elsewhere');
    };
    Object.assign(RequestOperations.requestOf(request as never), { noteUse: fail });
    await expect(handle()).rejects.toThrow(RangeError);
  });

  it('an error of the library becomes its problem reply', async () => {
    const { sessions, faulty, send } = serve();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    faulty.fail('list');
    const { reply } = await send({ path: '/session/list', bearer: accessToken });
    expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
  });
});

describe('a refresh token in the body', () => {
  const path = '/session/refresh';
  const options = { refreshTransport: 'body' } as const;

  it.each([undefined, null, 7, 'text', [], {}, { refresh_token: 7 }, { refresh_token: null }])(
    'the refresh token is missing from the body %j',
    async (body) => {
      const { send } = serve(options);
      const { reply } = await send({ method: 'POST', path, body });
      expect(reply?.status).toBe(401);
      expect(bodyOf(reply)).toMatchObject({ code: 'refresh_token_missing' });
    },
  );

  it('a reused refresh token in the body is refused, and no cookie is cleared', async () => {
    const { sessions, clock, send } = serve(options);
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(refreshToken);
    if (second.ok) await sessions.refresh(second.refreshToken);
    clock.advance('1m');
    const body = { refresh_token: refreshToken };
    const { reply, cookies } = await send({ method: 'POST', path, body });
    expect(bodyOf(reply)).toMatchObject({ status: 401, code: 'refresh_token_rejected' });
    expect(cookies).toEqual([]);
    expect(await sessions.list('ada')).toEqual([]);
  });
});
