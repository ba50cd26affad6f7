import { createSessions, type Issued, memoryStore, type SessionsOptions } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';

const EXPIRED = { ok: false, reason: 'expired' };

async function arrange(options: SessionsOptions) {
  const clock = createFakeClock();
  const sessions = createSessions({
    store: memoryStore({ clock }),
    clock,
    logger: silentLogger,
    ...options,
  });
  return { clock, sessions, first: await sessions.create({ subject: 'ada' }) };
}

function secondsLeft({ session, accessTokenExpiresAt, issuedAt }: Issued) {
  return [accessTokenExpiresAt, session.expiresAt].map((end) => (end - issuedAt) / 1_000);
}

describe('the last second of a session', () => {
  it('refresh returns no tokens in the last second before the absolute end', async () => {
    const { clock, sessions, first } = await arrange({ idleTtl: '1h', absoluteTtl: '1h' });
    clock.advance('3599001ms');
    expect(await sessions.refresh(first.refreshToken)).toEqual(EXPIRED);
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('has not begun while a whole second is left', async () => {
    const { clock, sessions, first } = await arrange({ idleTtl: '1h', absoluteTtl: '1h' });
    clock.advance('3599000ms');
    const last = await sessions.refresh(first.refreshToken);
    if (!last.ok) throw new Error(`refresh was rejected: ${last.reason}`);
    expect(secondsLeft(last)).toEqual([1, 1]);
  });

  it('before its idle end gives no successor again, which would not move that end', async () => {
    const { clock, sessions, first } = await arrange({ idleTtl: '1h' });
    const second = await sessions.refresh(first.refreshToken);
    clock.advance('3599001ms');
    expect(await sessions.refresh(first.refreshToken)).toEqual(EXPIRED);
    if (!second.ok) throw new Error(`refresh was rejected: ${second.reason}`);
    expect(await sessions.refresh(second.refreshToken)).toMatchObject({ ok: true });
  });

  it('is a tenth of the idle time where that is less', async () => {
    const ttls = { accessTtl: '1s', idleTtl: '2s', absoluteTtl: '10s' } as const;
    const { clock, sessions, first } = await arrange(ttls);
    let { refreshToken } = first;
    const isRefreshedAfter = async (milliseconds: number) => {
      clock.advance(`${milliseconds}ms`);
      const next = await sessions.refresh(refreshToken);
      if (next.ok) ({ refreshToken } = next);
      return next.ok;
    };
    for (let n = 0; n < 6; n += 1) expect(await isRefreshedAfter(1_500)).toBe(true);
    expect(await isRefreshedAfter(800)).toBe(true);
    expect(await isRefreshedAfter(1)).toBe(false);
  });

  it('hides no theft', async () => {
    const { clock, sessions, first } = await arrange({ idleTtl: '1h', absoluteTtl: '1h' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) throw new Error(`refresh was rejected: ${second.reason}`);
    await sessions.refresh(second.refreshToken);
    clock.advance('3599500ms');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });
});
