import {
  createSessions,
  memoryDenylist,
  memoryStore,
  type Session,
  type SessionsOptions,
} from '@sess/core';
import type { AccessReading, AccessTokenPort } from '@sess/core/engine';
import { createFakeClock, silentLogger, tagFor } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrange, settle } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

describe('a session that is at hand', () => {
  /** An engine on a store that knows its sessions by heart, and counts how often it is asked all the same. */
  async function arrangeNear(options: SessionsOptions = {}) {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    let loads = 0;
    const load = (sid: string) => {
      loads += 1;
      return inner.load(sid);
    };
    const store = { ...inner, load };
    const sessions = createSessions({ store, clock, logger: silentLogger, ...options });
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) throw new Error(second.reason);
    await sessions.verify(second.accessToken);
    await settle();
    const asked = async (token: string) => {
      const before = loads;
      const result = await sessions.verify(token);
      return { result, loads: loads - before };
    };
    return { clock, first, second, asked };
  }

  it('answers for its live tokens, whichever of them it is, and nobody is asked', async () => {
    const { first, second, asked } = await arrangeNear();
    expect(await asked(first.accessToken)).toMatchObject({ result: { ok: true }, loads: 0 });
    expect(await asked(second.accessToken)).toMatchObject({ result: { ok: true }, loads: 0 });
  });

  it.each([
    ['another prefix', (token: string) => `srt_${token.slice(4)}`],
    ['another mark between the two', (token: string) => `${token.slice(0, 36)}-${token.slice(37)}`],
    ['something behind it', (token: string) => `${token}A`],
  ])('does not answer for %s around a sid and a secret that it knows', async (_, change) => {
    const { second, asked } = await arrangeNear();
    expect(await asked(change(second.accessToken))).toEqual({
      result: { ok: false, reason: 'malformed' },
      loads: 0,
    });
  });

  it('says yes only: what is no longer good there is looked up', async () => {
    const { first, asked } = await arrangeNear({ accessOverlap: '0s' });
    expect(await asked(first.accessToken)).toEqual({
      result: { ok: false, reason: 'expired' },
      loads: 1,
    });
  });

  it('does not answer for a token that it does not know', async () => {
    const { second, asked } = await arrangeNear();
    const end = second.accessToken.endsWith('AA') ? 'QA' : 'AA';
    expect(await asked(`${second.accessToken.slice(0, -2)}${end}`)).toEqual({
      result: { ok: false, reason: 'unknown' },
      loads: 1,
    });
  });

  it('does not answer for a token that has run out', async () => {
    const { clock, second, asked } = await arrangeNear();
    clock.advance('15m');
    expect(await asked(second.accessToken)).toEqual({
      result: { ok: false, reason: 'expired' },
      loads: 1,
    });
  });
});

describe('a signed token', () => {
  it('is taken at its word where the denylist is sure of it, and asked about where it is not', async () => {
    let isSure = true;
    let asked = 0;
    const inner = memoryDenylist();
    const denylist = {
      ...inner,
      peek: () => (isSure ? (false as const) : undefined),
      isDenied: async () => {
        asked += 1;
        return false;
      },
    };
    const fake = createFakeTokens();
    const accessToken = { ...fake, open: () => ({ ...openPort(fake), denylist }) };
    const { sessions } = arrange({ accessToken });
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
    expect(asked).toBe(0);
    isSure = false;
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
    expect(asked).toBe(1);
  });

  it.each(['denylist', 'none'] as const)(
    'that does not say what its session is is unknown, with revocation: %s',
    async (revocation) => {
      const sid = `${tagFor('ada')}${'A'.repeat(16)}`;
      const { sessions, events } = arrangeReading(revocation, { ok: true, sid, digest: 'any' });
      expect(await sessions.verify('any')).toEqual({ ok: false, reason: 'unknown' });
      expect(events).toEqual([['rejected', { token: 'access', reason: 'unknown', sid }]]);
    },
  );

  it.each(['malformed', 'expired'] as const)(
    'that is read as %s is refused as that',
    async (reason) => {
      const { sessions, events } = arrangeReading('none', { ok: false, reason });
      expect(await sessions.verify('any')).toEqual({ ok: false, reason });
      expect(events).toEqual([['rejected', { token: 'access', reason }]]);
    },
  );

  it('may take its time to be read', async () => {
    const fake = createFakeTokens({ revocation: 'none' });
    const open = () => ({
      ...openPort(fake),
      read: async (token: unknown, at: number) => openPort(fake).read(token, at),
    });
    const { clock, sessions } = arrange({ accessToken: { ...fake, open } });
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    clock.advance('15m');
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('that says nothing of its generation settles nothing', async () => {
    const sid = `${tagFor('ada')}${'A'.repeat(16)}`;
    const session = { sid, subject: 'ada' } as Session<object>;
    const claimed = { session, generation: -1, version: 1 };
    const reading = { ok: true, sid, digest: 'any', claimed } as const;
    const { sessions, faulty } = arrangeReading('none', reading);
    expect(await sessions.verify('any')).toEqual({ ok: true, session });
    await settle();
    expect(faulty.calls.size).toBe(0);
  });

  it('that is not said to be genuine ends no session, whatever session it names', async () => {
    const { sessions, faulty } = arrangeReading('none', { ok: false, reason: 'malformed' });
    const { session } = await sessions.create({ subject: 'ada' });
    const named = arrangeReading('none', {
      ok: false,
      reason: 'expired',
      sid: session.sid,
    });
    Object.assign(named.faulty.store, { load: faulty.store.load });
    expect(await named.sessions.end({ accessToken: 'any' })).toBe(false);
    expect(named.faulty.calls.get('remove')).toBeUndefined();
  });
});

function openPort(fake: ReturnType<typeof createFakeTokens>): AccessTokenPort {
  return fake.open({} as never);
}

/** An engine to which every token says the same. */
function arrangeReading(revocation: 'denylist' | 'none', reading: AccessReading) {
  const fake = createFakeTokens({ revocation });
  const accessToken = { ...fake, open: () => ({ ...openPort(fake), read: () => reading }) };
  return arrange({ accessToken });
}
