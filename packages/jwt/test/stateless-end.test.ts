import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createStatelessSessions, memoryDenylist } from '../src/index.js';

function arrange(more: object = {}) {
  const clock = createFakeClock();
  const sessions = createStatelessSessions({
    keys: 'a secret of at least thirty-two bytes',
    issuer: 'https://api.example.com',
    audience: 'api',
    ttl: '15m',
    denylist: memoryDenylist(),
    clock,
    logger: silentLogger,
    ...more,
  });
  const revoked: unknown[] = [];
  sessions.on('revoked', (event) => void revoked.push(event));

  async function refresh(token: string): Promise<string> {
    const result = await sessions.refresh(token);
    if (!result.ok) throw new Error(result.reason);
    return result.accessToken;
  }
  return { clock, sessions, refresh, revoked };
}

describe('a stateless logout', () => {
  it('needs no more than a denial, which a full server still accepts', async () => {
    const denylist = memoryDenylist();
    const full = { ...denylist, supersede: () => Promise.reject(new Error('OOM')) };
    const { sessions } = arrange({ denylist: full });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.end({ accessToken })).toBe(true);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('ends nothing by a token that was denied by itself', async () => {
    const { sessions } = arrange();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    await sessions.revokeToken(accessToken);
    expect(await sessions.end({ accessToken })).toBe(false);
  });

  it('by a token that was exchanged already ends the session, whichever tab has the next one', async () => {
    const { sessions, refresh, clock, revoked } = arrange();
    const { accessToken: first } = await sessions.create({ subject: 'ada' });
    const second = await refresh(first);
    clock.advance('1m');
    const third = await refresh(second);
    expect(await sessions.end({ accessToken: first })).toBe(true);
    expect(await sessions.verify(third)).toEqual({ ok: false, reason: 'revoked' });
    expect(await sessions.refresh(third)).toEqual({ ok: false, reason: 'revoked' });
    expect(revoked).toHaveLength(1);
  });

  it('by a token that has run out ends the session too: its holder only wants to be gone', async () => {
    const { sessions, refresh, clock } = arrange();
    const { accessToken: first } = await sessions.create({ subject: 'ada' });
    clock.advance('10m');
    const second = await refresh(first);
    clock.advance('5m');
    expect(await sessions.verify(first)).toMatchObject({ ok: false });
    expect(await sessions.end({ accessToken: first })).toBe(true);
    expect(await sessions.verify(second)).toEqual({ ok: false, reason: 'revoked' });
  });

  it('a stateless logout ends a session once, even if it is repeated', async () => {
    const { sessions, refresh, revoked } = arrange();
    const { accessToken: first } = await sessions.create({ subject: 'ada' });
    const second = await refresh(first);
    expect(await sessions.end({ accessToken: second })).toBe(true);
    expect(await sessions.end({ accessToken: second })).toBe(false);
    expect(await sessions.end({ accessToken: first })).toBe(false);
    expect(revoked).toHaveLength(1);
  });

  it('a stateless logout by a token from before a re-authentication ends nothing: it may be the reason for it', async () => {
    const { sessions, refresh } = arrange();
    const { accessToken: first } = await sessions.create({ subject: 'ada' });
    const second = await refresh(first);
    const verified = await sessions.verify(second);
    if (!verified.ok) throw new Error(verified.reason);
    const elevated = await sessions.elevate(verified.session);
    for (const accessToken of [first, second])
      expect(await sessions.end({ accessToken })).toBe(false);
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
  });

  it('by a token that was denied by itself ends nothing', async () => {
    const { sessions, refresh } = arrange();
    const { accessToken: first } = await sessions.create({ subject: 'ada' });
    const second = await refresh(first);
    expect(await sessions.revokeToken(second)).toBe(true);
    expect(await sessions.end({ accessToken: second })).toBe(false);
  });

  it('without a denylist is no matter for a token that has run out', async () => {
    const { sessions, clock } = arrange({ denylist: undefined });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    await expect(sessions.end({ accessToken })).rejects.toMatchObject({ code: 'not_revocable' });
    clock.advance('15m');
    expect(await sessions.end({ accessToken })).toBe(false);
  });

  it.each([undefined, '', 'abc', 7])(
    'by what is no token ends nothing: %j',
    async (accessToken) => {
      const { sessions } = arrange();
      expect(await sessions.end({ accessToken })).toBe(false);
    },
  );
});
