import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineSetup, TokenMode } from '../kit.js';
import { makeEngine } from '../token-modes.js';
import { type Answer, accessTokenOf, Client } from './client.js';
import type { Host, Hosted } from './host.js';

/** Tests the routes of the demo with one kind of token. */
export function faceSuite(host: Host, mode: TokenMode = 'opaque'): void {
  const isStateless = mode === 'stateless';
  // Tests that do not apply to a kind of token are left out, not skipped.
  const itWithStore = isStateless ? absent : it;
  const itWithoutStore = isStateless ? it : absent;
  let hosted: Hosted | undefined;

  async function open(given?: Partial<EngineSetup>): Promise<Client> {
    hosted = await host(await makeEngine(mode, given));
    return new Client(hosted.base);
  }

  afterEach(() => hosted?.close());

  describe('signing in', () => {
    it(`POST /login sends a token response and sets ${isStateless ? 'no' : 'the refresh'} cookie`, async () => {
      const client = await open();
      const answer = await client.send('POST', '/login', {
        json: { user: 'ada', device: 'laptop' },
      });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({
        access_token: expect.stringMatching(mode === 'opaque' ? /^sat_/ : /^eyJ/),
        token_type: 'Bearer',
        expires_in: 900,
      });
      expect(answer.headers.get('Cache-Control')).toBe('no-store');
      const cookie =
        /^__Host-sess=srt_[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax; Max-Age=604800$/;
      expect(answer.setCookies).toEqual(isStateless ? [] : [expect.stringMatching(cookie)]);
    });

    it('GET /me has the fields of the session at the top level, with the device', async () => {
      const client = await open();
      const token = await client.signIn('ada', 'laptop');
      const me = await client.send('GET', '/me', { token });
      expect(me.status).toBe(200);
      // A token contains no device, because its holder can read it.
      const device = isStateless ? {} : { label: 'laptop' };
      expect(me.json).toMatchObject({ subject: 'ada', data: {}, device });
      expect((await client.send('GET', '/session', { token })).json).toEqual(me.json);
    });

    it('a sign-in ends the previous session of the client', async () => {
      const client = await open();
      const earlier = await client.signIn('ada');
      const later = accessTokenOf(
        await client.send('POST', '/login', {
          json: { user: 'grace' },
          ...(isStateless ? { token: earlier } : {}),
        }),
      );
      expect((await client.send('GET', '/me', { token: earlier })).status).toBe(401);
      expect((await client.send('GET', '/me', { token: later })).json['subject']).toBe('grace');
    });

    // Without a cookie there is nothing that a page of another site could use.
    itWithStore('refuses a sign-in from a page of another site', async () => {
      const client = await open();
      const headers = { 'Sec-Fetch-Site': 'cross-site' };
      const answer = await client.send('POST', '/login', { json: { user: 'ada' }, headers });
      expectProblem(answer, 403, 'cross_site_request');
      expect(answer.setCookies).toEqual([]);
    });
  });

  describe('the routes', () => {
    it('GET /public names the user, and needs no session', async () => {
      const client = await open();
      expect((await client.send('GET', '/public')).text).toBe('{"user":null}');
      const token = await client.signIn('ada');
      expect((await client.send('GET', '/public', { token })).text).toBe('{"user":"ada"}');
    });

    it.each([
      ['GET', '/me'],
      ['PATCH', '/me'],
      ['GET', '/devices'],
      ['POST', '/reauth'],
      ['POST', '/transfer'],
      ['GET', '/session'],
      ['GET', '/session/list'],
      ['POST', '/session/logout-all'],
    ])('%s %s needs a session', async (method, path) => {
      const client = await open();
      const answer = await client.send(method, path, { headers: {} });
      expectProblem(answer, 401, 'session_required');
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer');
    });

    itWithoutStore('routes that need a store respond with 501', async () => {
      const client = await open();
      const token = await client.signIn('ada');
      for (const [method, path] of [
        ['PATCH', '/me'],
        ['GET', '/session/list'],
        ['DELETE', `/session/${'A'.repeat(32)}`],
      ] as const) {
        const json = method === 'PATCH' ? { json: { a: 1 } } : {};
        expectProblem(await client.send(method, path, { token, ...json }), 501, 'not_supported');
      }
    });

    itWithoutStore('refresh and logout take the bearer token', async () => {
      const client = await open();
      const token = await client.signIn('ada');
      const next = accessTokenOf(await client.send('POST', '/session/refresh', { token }));
      expectProblem(await client.send('GET', '/me', { token }), 401, 'invalid_token');
      expect((await client.send('POST', '/session/logout', { token: next })).status).toBe(204);
      expectProblem(await client.send('GET', '/me', { token: next }), 401, 'invalid_token');
      expect(client.jar.size).toBe(0);
    });

    itWithStore('PATCH /me merges one level deep', async () => {
      const client = await open();
      const token = await client.signIn('ada');
      await client.send('PATCH', '/me', { token, json: { a: 1, b: { c: 2 } } });
      const patched = await client.send('PATCH', '/me', { token, json: { b: { d: 3 } } });
      expect(patched.status).toBe(200);
      expect(patched.json).toMatchObject({ subject: 'ada', data: { a: 1, b: { d: 3 } } });
      expect((await client.send('GET', '/me', { token })).json).toEqual(patched.json);
    });

    it('POST /transfer requires a recent sign-in, and POST /reauth counts as one', async () => {
      let now = Date.now();
      const client = await open({ clock: { now: () => now } });
      const token = await client.signIn('ada');
      expect((await client.send('POST', '/transfer', { token })).status).toBe(200);

      now += 5 * 60_000 + 1;
      const refused = await client.send('POST', '/transfer', { token });
      expectProblem(refused, 401, 'insufficient_user_authentication');
      expect(refused.headers.get('WWW-Authenticate')).toBe(
        'Bearer error="insufficient_user_authentication", max_age=300',
      );

      const elevated = accessTokenOf(await client.send('POST', '/reauth', { token }));
      expect((await client.send('POST', '/transfer', { token: elevated })).status).toBe(200);
      // The use of the new token is recorded in the background.
      await vi.waitFor(async () =>
        expectProblem(await client.send('GET', '/me', { token }), 401, 'invalid_token'),
      );
    });

    itWithStore('GET /devices lists browsers and systems, the current device first', async () => {
      const client = await open();
      const headers = {
        'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      };
      await new Client((hosted as Hosted).base).send('POST', '/login', {
        json: { user: 'ada', device: 'laptop' },
        headers,
      });
      const token = await client.signIn('ada');
      const answer = await client.send('GET', '/devices', { token });
      expect(answer.status).toBe(200);
      expect(answer.json['devices']).toEqual([
        expect.objectContaining({ current: true, kind: 'unknown' }),
        expect.objectContaining({
          current: false,
          label: 'laptop',
          browser: 'Firefox 140',
          system: 'Linux',
          kind: 'desktop',
        }),
      ]);
    });

    itWithStore('the session routes list devices and sign out one or all others', async () => {
      const here = await open();
      const token = await here.signIn('ada', 'laptop');
      const elsewhere = [here, here, here].map(() => new Client((hosted as Hosted).base));
      const tokens = await Promise.all(elsewhere.map((client) => client.signIn('ada', 'phone')));

      const list = await here.send('GET', '/session/list', { token });
      const sessions = list.json['sessions'] as { sid: string; current: boolean }[];
      expect(sessions.map((session) => session.current)).toEqual([true, false, false, false]);

      const path = `/session/${sessions[1]?.sid}`;
      expect((await here.send('DELETE', path, { token })).status).toBe(204);
      expectProblem(await here.send('DELETE', path, { token }), 404, 'not_found');

      const others = await here.send('POST', '/session/logout-others', { token });
      expect(others.json).toEqual({ revoked: 2 });
      const statuses = tokens.map(
        async (t) => (await here.send('GET', '/me', { token: t })).status,
      );
      expect(await Promise.all(statuses)).toEqual([401, 401, 401]);
      expect((await here.send('POST', '/session/logout-all', { token })).json).toEqual({
        revoked: 1,
      });
      expect(here.jar.size).toBe(0);
    });
  });

  describe('unknown paths and methods', () => {
    it.each(['/nope', '/ME', '/me/', '//me', '/%', '/__proto__', '/favicon.ico', '/session/list/'])(
      'GET %s is a 404',
      async (path) => {
        const client = await open();
        expectProblem(await client.send('GET', path), 404, 'not_found');
      },
    );

    it.each([
      ['PUT', '/me', 'GET, HEAD, PATCH'],
      ['POST', '/devices', 'GET, HEAD'],
      ['OPTIONS', '/me', 'GET, HEAD, PATCH'],
      ['GET', '/login', 'POST'],
      ['POST', '/', 'GET, HEAD'],
      ['DELETE', '/session/refresh', 'POST'],
    ])('%s %s is a 405', async (method, path, allow) => {
      const client = await open();
      const answer = await client.send(method, path);
      expectProblem(answer, 405, 'method_not_allowed');
      expect(answer.headers.get('Allow')).toBe(allow);
    });
  });
}

/** Expects a response to be a problem body (RFC 9457) with this code. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, ...answer.json }).toMatchObject({ status, code });
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  expect(Object.keys(answer.json).slice(0, 4)).toEqual(['title', 'status', 'detail', 'code']);
}

function absent(): void {}
