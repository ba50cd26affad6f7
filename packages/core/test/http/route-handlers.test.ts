import { describe, expect, it } from 'vitest';
import { bodyOf, serve } from './open.js';

const LOGOUT = { method: 'POST', path: '/session/logout' };

describe('POST /logout', () => {
  it('the logout route refuses a page of another site before it ends the session of an access token', async () => {
    const { sessions, send } = serve({ transport: 'both' });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    const headers = { 'sec-fetch-site': 'cross-site' };
    const { reply, cookies } = await send({ ...LOGOUT, bearer: accessToken, headers });
    expect(bodyOf(reply)).toMatchObject({ status: 403, code: 'cross_site_request' });
    expect(cookies).toEqual([]);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
  });

  it('the logout route refuses two cookies, and removes those of other paths, so that the next request has one', async () => {
    const { send } = serve({ cookie: { secure: false } });
    const headers = { cookie: 'sess=one; sess=two' };
    const { reply, cookies } = await send({ ...LOGOUT, host: 'localhost', headers });
    expect(bodyOf(reply)).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(cookies.map(([, line]) => /Path=([^;]*);.*Max-Age=0/.exec(line)?.[1])).toEqual([
      '/session',
      '/session/',
      '/session/logout',
      '/session/logout/',
    ]);
  });

  it.each([
    ['bearer', 204, undefined],
    ['cookie', 303, '/bye'],
    ['both', 303, '/bye'],
  ] as const)(
    'the logout route responds to a form with the transport %s with a %i',
    async (transport, status, location) => {
      const { send } = serve({ transport, afterLogout: '/bye' });
      const { reply } = await send({ ...LOGOUT, headers: { 'sec-fetch-mode': 'navigate' } });
      expect([reply?.status, reply?.headers['Location']]).toEqual([status, location]);
    },
  );
});
