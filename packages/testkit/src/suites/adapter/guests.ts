import type { HttpOptions } from '@sess/core/http';
import { describe, expect, it } from 'vitest';
import {
  bearer,
  cookieHeader,
  cookiePair,
  type Header,
  json,
  type Target,
  type TestHost,
  useHost,
} from './host.js';

const CROSS_SITE: Header = ['Sec-Fetch-Site', 'cross-site'];

/** What a visitor has before the sign-in, and values that are taken once. */
export function describeGuests(target: Target): void {
  /** A browser: requests carry the cookie that the last response set. */
  async function browse(protocol: HttpOptions = {}) {
    const host = await useHost(target, { protocol: { transport: 'both', ...protocol } });
    let cookie = '';
    const browser = {
      host,
      get cookie() {
        return cookie;
      },
      async send(method: string, path: string, body?: unknown, headers: readonly Header[] = []) {
        const own = cookie === '' ? headers : [cookieHeader(cookie), ...headers];
        const answer = await host.send(path, {
          method,
          headers: own,
          ...(body === undefined ? {} : { body: body as object }),
        });
        cookie = cookiePair(answer) ?? cookie;
        return answer;
      },
      put: (name: string, value: unknown) => browser.send('POST', '/put', { name, value }),
      take: async (name: string) => json(await browser.send('POST', '/take', { name }))['value'],
      guest: async () => json(await browser.send('GET', '/guest'))['data'],
    };
    return browser;
  }

  describe('a guest', () => {
    it('is kept by a cookie, and is no session anywhere [guest.no-session]', async () => {
      const { send, guest, host } = await browse();
      const first = await send('PATCH', '/guest', { cart: ['tea'] });
      expect(json(first)).toEqual({ data: { cart: ['tea'] } });
      expect(first.setCookies).toEqual([expect.stringContaining('Max-Age=3600')]);
      expect(first.headers['cache-control']).toBe('no-store');
      expect(json(await send('PATCH', '/guest', { theme: 'dark' }))).toEqual({
        data: { cart: ['tea'], theme: 'dark' },
      });
      expect(await guest()).toEqual({ cart: ['tea'], theme: 'dark' });
      expect(json(await send('GET', '/public'))).toEqual({ user: null });
      const refused = [
        ['GET', '/me'],
        ['PATCH', '/me'],
        ['GET', '/page'],
        ['POST', '/reauth'],
        ['GET', '/session'],
        ['GET', '/session/list'],
        ['POST', '/session/logout-all'],
        ['POST', '/session/refresh'],
      ] as const;
      for (const [method, path] of refused) {
        const answer = await send(method, path, method === 'PATCH' ? { a: 1 } : undefined);
        expect([method, path, answer.status, answer.setCookies]).toEqual([method, path, 401, []]);
      }
      expect(await guest()).toEqual({ cart: ['tea'], theme: 'dark' });
      expect(host.calls()['insert']).toBe(1);
    });

    it('gets no cookie before there is something to keep', async () => {
      const { send, take, host } = await browse();
      expect((await send('GET', '/guest')).setCookies).toEqual([]);
      expect(await take('flash')).toBeNull();
      expect(host.calls()).toEqual({});
    });

    it('goes over to the session of a sign-in, which gets other tokens [tokens.renewed]', async () => {
      const browser = await browse();
      const { send, put, take, guest, host } = browser;
      await send('PATCH', '/guest', { cart: ['tea'], secret: 1 });
      await put('flash', 'welcome');
      const before = browser.cookie;
      expect((await send('POST', '/login', { user: 'ada', keep: ['cart'] })).status).toBe(200);
      expect(browser.cookie.slice(0, 48)).not.toBe(before.slice(0, 48));
      expect(json(await send('GET', '/me'))).toMatchObject({
        subject: 'ada',
        data: { cart: ['tea'] },
      });
      expect(json(await send('GET', '/me'))).not.toHaveProperty('data.secret');
      expect(await take('flash')).toBe('welcome');
      expect(await guest()).toEqual({});
      const old = await host.send('/guest', { headers: [cookieHeader(before)] });
      expect(json(old)).toEqual({ data: {} });
      expect(await host.sessions.list('ada')).toHaveLength(1);
    });

    it('ends by a sign-out', async () => {
      const browser = await browse();
      await browser.put('flash', 1);
      const { cookie, host } = browser;
      expect((await browser.send('POST', '/logout-here')).status).toBe(204);
      const headers = [cookieHeader(cookie)];
      const answer = await host.send('/take', { method: 'POST', headers, body: { name: 'flash' } });
      expect(json(answer)).toEqual({ value: null });
    });

    it('is not made by a page of another site, whose request came without the cookie', async () => {
      const { send } = await browse();
      const answer = await send('POST', '/put', { name: 'a', value: 1 }, [CROSS_SITE]);
      expect([answer.status, answer.setCookies]).toEqual([403, []]);
    });

    it('does not take the cookie of a user whose access token has run out', async () => {
      const browser = await browse();
      await browser.send('POST', '/login', { user: 'ada' });
      const unknown = bearer('sat_unknown');
      const answer = await browser.send('POST', '/put', { name: 'a', value: 1 }, [unknown]);
      expect([answer.status, answer.setCookies]).toEqual([401, []]);
      expect((await browser.send('GET', '/me')).status).toBe(200);
    });

    it('needs a cookie transport: without one, a request without a session is a 501', async () => {
      const { send, take } = await browse({ transport: 'bearer' });
      for (const answer of [
        await send('POST', '/put', { name: 'a', value: 1 }),
        await send('PATCH', '/guest', { a: 1 }),
      ]) {
        expect([answer.status, json(answer)['code']]).toEqual([501, 'not_supported']);
        expect(answer.setCookies).toEqual([]);
      }
      expect(await take('a')).toBeNull();
    });

    it('is a 503 while the store fails, and stays', async () => {
      const { send, guest, host } = await browse();
      await send('PATCH', '/guest', { cart: ['tea'] });
      host.fail();
      expect((await send('GET', '/guest')).status).toBe(503);
      host.heal();
      expect(await guest()).toEqual({ cart: ['tea'] });
    });
  });

  describe('a one-time value', () => {
    async function signedIn(protocol?: HttpOptions): Promise<TestHost & { cookie: string }> {
      const host = await useHost(target, { protocol: { transport: 'both', ...protocol } });
      const { cookie } = await host.login();
      return { ...host, cookie };
    }

    it('is taken by one of two clicks at the same time [once.winner]', async () => {
      const { send, cookie } = await signedIn();
      const headers = [cookieHeader(cookie)];
      const post = (path: string, body: object) => send(path, { method: 'POST', headers, body });
      for (let round = 0; round < 5; round += 1) {
        await post('/put', { name: 'state', value: { round } });
        const clicks = [post('/take', { name: 'state' }), post('/take', { name: 'state' })];
        const values = (await Promise.all(clicks)).map((answer) => json(answer)['value']);
        expect(values.filter((value) => value !== null)).toEqual([{ round }]);
      }
    });

    it.each(['cookie', 'bearer'])('belongs to the session of the %s', async (by) => {
      const host = await useHost(target, { protocol: { transport: 'both' } });
      const { cookie, token } = await host.login();
      const headers = [by === 'cookie' ? cookieHeader(cookie) : bearer(token)];
      const post = (path: string, body: object) =>
        host.send(path, { method: 'POST', headers, body });
      const put = await post('/put', { name: 'flash', value: 'saved' });
      expect([put.status, put.setCookies]).toEqual([204, []]);
      expect(json(await post('/take', { name: 'flash' }))).toEqual({ value: 'saved' });
    });

    it('works for sessions with the default transport', async () => {
      const host = await useHost(target);
      const { token } = await host.login();
      const request = (body: object) => ({ method: 'POST', headers: [bearer(token)], body });
      expect((await host.send('/put', request({ name: 'a', value: 1 }))).status).toBe(204);
      expect(json(await host.send('/take', request({ name: 'a' })))).toEqual({ value: 1 });
    });

    it('that is too large is a 413, and makes no guest', async () => {
      const { send } = await browse();
      const answer = await send('POST', '/put', { name: 'a', value: 'x'.repeat(5_000) });
      expect([answer.status, json(answer)['code']]).toEqual([413, 'data_too_large']);
      expect(answer.setCookies).toEqual([]);
    });

    it('is 401 where the session has ended, and makes no guest', async () => {
      const host = await useHost(target, { revocation: 'none' });
      const { token } = await host.login();
      await host.sessions.revokeAll('ada');
      const request = { method: 'POST', headers: [bearer(token)], body: { name: 'a', value: 1 } };
      const answer = await host.send('/put', request);
      expect([answer.status, answer.setCookies]).toEqual([target.mode === 'jwt' ? 401 : 501, []]);
    });
  });
}
