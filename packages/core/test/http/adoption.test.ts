import type { Issued } from '@sess/core';
import type { Adoption, HttpOptions } from '@sess/core/http';
import { describe, expect, it, vi } from 'vitest';
import { bodyOf, type Sent, serve } from './open.js';

const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const REFRESH: Sent = { method: 'POST', path: '/session/refresh', headers: SAME_ORIGIN };

/** A middleware that takes over sessions, and a user whose credential of the other system is in each request. */
async function arrange(options: HttpOptions = { transport: 'cookie' }) {
  const old = {
    take: vi.fn(),
    refresh: vi.fn(),
    retire: vi.fn(async () => {}),
    end: vi.fn(async () => {}),
  };
  const open = vi.fn((): typeof old | undefined => old);
  const adoption = { assertFor: () => {}, open, readBy: () => adoption };
  const served = serve({ ...options, adopt: adoption as unknown as Adoption });
  const ada: Issued<object> = await served.sessions.create({ subject: 'ada' });
  const taken = { ok: true as const, session: ada.session };
  const cookie = (token: string) => ({ cookie: `__Host-sess=${token}` });
  const authenticated = (sent: Sent = {}) => served.send(sent);
  return { ...served, old, open, ada, taken, cookie, authenticated };
}

describe('a request with a credential of another system', () => {
  it('has the session that takes the place of the old one, if it has no cookie', async () => {
    const { old, taken, authenticated } = await arrange();
    old.take.mockResolvedValue(taken);
    const { request } = await authenticated();
    expect(request.session).toBe(taken.session);
    expect(old.take.mock.calls).toEqual([[{ canRenew: true }]]);
    expect(old.retire).not.toHaveBeenCalled();
  });

  it('has none if there is nothing to take over', async () => {
    const { old, authenticated } = await arrange();
    old.take.mockResolvedValue(undefined);
    expect((await authenticated()).request.session).toBeNull();
  });

  it('reports no rejected token if it has no cookie', async () => {
    const { old, names, authenticated } = await arrange();
    old.take.mockResolvedValue(undefined);
    await authenticated();
    expect(names()).toEqual(['created']);
  });

  it('cannot get a cookie with a prefetch', async () => {
    const { old, authenticated } = await arrange();
    await authenticated({ headers: { 'sec-purpose': 'prefetch' } });
    expect(old.take.mock.calls).toEqual([[{ canRenew: false }]]);
  });

  it('has the session of its cookie, and the old one is retired', async () => {
    const { old, ada, cookie, authenticated } = await arrange();
    const { request } = await authenticated({ headers: cookie(ada.refreshToken) });
    expect(request.session?.sid).toBe(ada.session.sid);
    expect(old.take).not.toHaveBeenCalled();
    expect(old.retire).toHaveBeenCalledTimes(1);
  });

  it('has the session that takes the place of the old one, if its cookie is dead', async () => {
    const { sessions, old, ada, taken, cookie, authenticated } = await arrange();
    const dead = await sessions.create({ subject: 'bob' });
    await sessions.revoke(dead.session.sid);
    old.take.mockResolvedValue(taken);
    const { request } = await authenticated({ headers: cookie(dead.refreshToken) });
    expect(request.session?.sid).toBe(ada.session.sid);
    expect(old.retire).not.toHaveBeenCalled();
  });

  it('has no session if its cookie is dead, and there is nothing to take over', async () => {
    const { sessions, old, cookie, authenticated } = await arrange();
    const dead = await sessions.create({ subject: 'bob' });
    await sessions.revoke(dead.session.sid);
    old.take.mockResolvedValue(undefined);
    const { request } = await authenticated({ headers: cookie(dead.refreshToken) });
    expect(request.session).toBeNull();
  });

  it('from another site takes nothing over, unless it changes nothing', async () => {
    const { old, taken, authenticated } = await arrange();
    old.take.mockResolvedValue(taken);
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await authenticated({ method: 'POST', headers })).request.session).toBeNull();
    expect(old.take).not.toHaveBeenCalled();
    expect((await authenticated({ headers })).request.session).toBe(taken.session);
  });
});

describe('a refresh with a credential of another system', () => {
  it('retires the old session once the client has a token', async () => {
    const { old, open, ada, cookie, send } = await arrange({});
    const headers = { ...SAME_ORIGIN, ...cookie(ada.refreshToken) };
    const { reply } = await send({ ...REFRESH, headers });
    expect(reply?.status).toBe(200);
    expect(old.retire).toHaveBeenCalledTimes(1);
    expect(old.refresh).not.toHaveBeenCalled();
    expect(open).toHaveBeenLastCalledWith(expect.anything(), undefined);
  });

  it('gets the tokens of the session that takes its place, also if it has that cookie already', async () => {
    const { old, ada, send } = await arrange({});
    old.refresh.mockResolvedValue({ issued: ada, presented: ada.refreshToken });
    const { reply } = await send(REFRESH);
    expect([reply?.status, bodyOf(reply)['access_token']]).toEqual([200, ada.accessToken]);
  });

  it('is refused if there is nothing to take over', async () => {
    const { send } = await arrange({});
    expect((await send(REFRESH)).reply?.status).toBe(401);
  });

  it('shows the token of the body where the client keeps it', async () => {
    const { old, open, ada, send } = await arrange({ refreshTransport: 'body' });
    const sent = { method: 'POST', path: '/session/refresh', body: { refresh_token: 'old' } };
    old.refresh.mockResolvedValue({ issued: ada, presented: undefined });
    const first = await send(sent);
    expect(bodyOf(first.reply)['refresh_token']).toBe(ada.refreshToken);
    expect(open).toHaveBeenLastCalledWith(expect.anything(), 'old');
    // It has a newer token by now.
    old.refresh.mockResolvedValue({ issued: ada, presented: ada.refreshToken });
    expect((await send(sent)).reply?.status).toBe(401);
  });
});
