import { inspect } from 'node:util';
import { createSessions, memoryStore, type PresentResult, type SessionsOptions } from '@sess/core';
import type { SessionRecord, SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';

async function arrange(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const store = memoryStore({ clock });
  const writes = vi.fn();
  const watched = {
    ...store,
    replaceAuth: (...given: Parameters<typeof store.replaceAuth>) => {
      writes();
      return store.replaceAuth(...given);
    },
  };
  const sessions = createSessions({ store: watched, clock, logger: silentLogger, ...options });
  const reuse = vi.fn();
  sessions.on('reuse', reuse);
  const { session, refreshToken } = await sessions.create({ subject: 'ada' });

  async function present(cookie: string, canRenew = true) {
    const result = await sessions.present(cookie, { canRenew });
    if (!result.ok) throw new Error(`the cookie was refused: ${result.reason}`);
    return result;
  }
  /** Presents a cookie that is due, and returns the renewed one. */
  async function renew(cookie: string): Promise<string> {
    const { renewal } = await present(cookie);
    if (renewal === undefined) throw new Error('the cookie was not renewed');
    return renewal.refreshToken;
  }
  const auth = async () => (await store.load(session.sid)).record?.auth;
  /** Background writes have happened. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    clock,
    sessions,
    session,
    cookie: refreshToken,
    present,
    renew,
    writes,
    reuse,
    auth,
    settle,
  };
}

describe('a cookie of the newest generation', () => {
  it('is accepted without a write until renewAfter has passed [cookie.no-write]', async () => {
    const { clock, session, cookie, present, writes } = await arrange();
    clock.advance('899999ms');
    const result = await present(cookie);
    expect(result).toEqual({ ok: true, session: expect.objectContaining({ sid: session.sid }) });
    expect(writes).not.toHaveBeenCalled();
  });

  it('authenticate returns synchronously for a cookie whose record is cached', async () => {
    const { sessions, cookie } = await arrange();
    expect(sessions.present(cookie, { canRenew: true })).not.toBeInstanceOf(Promise);
  });

  it('is renewed at renewAfter, without an access token, and moves the idle deadline', async () => {
    const { clock, cookie, present, auth } = await arrange();
    clock.advance('15m');
    const { renewal, session } = await present(cookie);
    expect(renewal?.refreshToken).not.toBe(cookie);
    expect(session.expiresAt).toBe(clock.now() + 7 * 86_400_000);
    expect(await auth()).toMatchObject({ generation: 1, accessCount: -1, access: [] });
  });

  it('is not renewed, and nothing is written, if the response cannot set a cookie', async () => {
    const { clock, cookie, present, writes } = await arrange();
    clock.advance('1h');
    expect(await present(cookie, false)).not.toHaveProperty('renewal');
    expect(writes).not.toHaveBeenCalled();
  });

  it('is renewed once for twenty parallel requests, which all get the same cookie', async () => {
    const { clock, cookie, present, auth } = await arrange();
    clock.advance('15m');
    const results = await Promise.all(Array.from({ length: 20 }, () => present(cookie)));
    expect(new Set(results.map(({ renewal }) => renewal?.refreshToken)).size).toBe(1);
    expect((await auth())?.generation).toBe(1);
  });

  it('is reported once when it is renewed, with the session of the subject', async () => {
    const { clock, cookie, present, sessions, session } = await arrange();
    const refreshed = vi.fn();
    sessions.on('refreshed', refreshed);
    await present(cookie);
    expect(refreshed).not.toHaveBeenCalled();
    clock.advance('15m');
    await Promise.all([present(cookie), present(cookie)]);
    const event = { sid: session.sid, subject: 'ada', replayed: false };
    expect(refreshed.mock.calls).toEqual([[event]]);
    clock.advance('1s');
    await present(cookie);
    expect(refreshed.mock.calls.slice(1)).toEqual([[{ ...event, replayed: true }]]);
  });

  it('shows no token when its renewal is inspected', async () => {
    const { clock, cookie, present } = await arrange();
    clock.advance('15m');
    const { renewal } = await present(cookie);
    expect(renewal?.refreshToken).toMatch(/^srt_/);
    expect(inspect(renewal)).not.toContain(renewal?.refreshToken);
  });

  it('is renewed by one of parallel requests, of which another cannot set a cookie', async () => {
    const { clock, cookie, present } = await arrange();
    clock.advance('15m');
    const [renewed, plain] = await Promise.all([present(cookie), present(cookie, false)]);
    expect(renewed).toHaveProperty('renewal');
    expect(plain).not.toHaveProperty('renewal');
  });

  it('acknowledges its generation once, in the background', async () => {
    const { clock, cookie, present, renew, auth, writes, settle } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    expect((await auth())?.acknowledged).toBe(false);
    writes.mockClear();
    await present(second);
    await settle();
    await present(second);
    await settle();
    expect((await auth())?.acknowledged).toBe(true);
    expect(writes).toHaveBeenCalledTimes(1);
  });
});

describe('a spent cookie', () => {
  it('gets the newest one again within the grace', async () => {
    const { clock, cookie, renew } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    clock.advance('9999ms');
    expect(await renew(cookie)).toBe(second);
  });

  it('gets the newest one as often as it is sent within the grace, with one write', async () => {
    const { clock, cookie, renew, writes } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    writes.mockClear();
    expect([await renew(cookie), await renew(cookie), await renew(cookie)]).toEqual(
      Array(3).fill(second),
    );
    expect(writes).toHaveBeenCalledTimes(1);
  });

  it('a spent cookie gets the newest token after the grace while that token was never presented', async () => {
    const { clock, cookie, renew } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    clock.advance('2h');
    expect(await renew(cookie)).toBe(second);
  });

  it('a replayed cookie stays the newest while responses with it may arrive, for grace and overlap [cookie.honest]', async () => {
    const { clock, cookie, present, renew, settle } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    clock.advance('1h');
    expect(await renew(cookie)).toBe(second);
    // Another response to the same cookie is still on its way, and the second one has reached the browser and is due.
    await present(second);
    await settle();
    clock.advance('309999ms');
    expect(await present(second)).not.toHaveProperty('renewal');
    clock.advance('1ms');
    expect(await renew(second)).not.toBe(second);
  });

  it('is accepted for single requests within overlap, without a new cookie and without a write', async () => {
    const { clock, cookie, present, renew, writes, settle } = await arrange();
    clock.advance('15m');
    await present(await renew(cookie));
    await settle();
    writes.mockClear();
    clock.advance('299999ms');
    expect(await present(cookie)).not.toHaveProperty('renewal');
    expect(writes).not.toHaveBeenCalled();
  });

  it('ends the session after overlap, and reports it once [cookie.reuse]', async () => {
    const { clock, sessions, session, cookie, present, renew, reuse, settle } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    await present(second);
    await settle();
    clock.advance('5m');
    const results = await Promise.all(
      [1, 2, 3].map(() => sessions.present(cookie, { canRenew: true })),
    );
    expect(results.every(({ ok }) => ok)).toBe(false);
    expect(results[0]).toEqual({ ok: false, reason: 'reused' });
    expect(reuse).toHaveBeenCalledTimes(1);
    expect(reuse).toHaveBeenCalledWith({ sid: session.sid, subject: 'ada' });
    expect(await sessions.present(second, { canRenew: true })).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });

  it('leaves no mark if the response cannot set a cookie', async () => {
    const { clock, cookie, present, renew, auth } = await arrange();
    clock.advance('15m');
    await renew(cookie);
    const before = await auth();
    expect(await present(cookie, false)).not.toHaveProperty('renewal');
    expect(await auth()).toEqual(before);
  });
});

describe('eight renewals within overlap', () => {
  it('make a ninth wait, so that no bound of memory makes an honest browser a thief', async () => {
    const { clock, cookie, sessions, present, settle, auth } = await arrange({
      renewAfter: '1m',
      overlap: '6m',
      grace: '1s',
    });
    const spent: string[] = [];
    let current = cookie;
    for (let turn = 0; turn < 12; turn += 1) {
      clock.advance('60s');
      const { renewal } = await present(current);
      await settle();
      if (renewal !== undefined) {
        spent.push(current);
        current = renewal.refreshToken;
        await present(current);
        await settle();
      }
      // Cookies that were spent less than six minutes ago are still good.
      for (const old of spent.slice(-5)) {
        expect(await sessions.present(old, { canRenew: false })).toMatchObject({ ok: true });
      }
    }
    expect((await auth())?.generation).toBeGreaterThan(6);
  });
});

describe('a cookie that is refused', () => {
  it.each(['', 'srt_', 'x'.repeat(200), 7, undefined, null, {}])(
    'is malformed: %j',
    async (text) => {
      const { sessions } = await arrange();
      expect(sessions.present(text, { canRenew: true })).toEqual({
        ok: false,
        reason: 'malformed',
      });
    },
  );

  it('is unknown after a sign-out, and expired after the idle time', async () => {
    const { clock, sessions, session, cookie } = await arrange();
    clock.advance('8d');
    expect(await sessions.present(cookie, { canRenew: true })).toEqual({
      ok: false,
      reason: 'expired',
    });
    await sessions.revoke(session.sid);
    const other = await sessions.create({ subject: 'bob' });
    await sessions.revoke(other.session.sid);
    const result: PresentResult = await sessions.present(other.refreshToken, { canRenew: true });
    expect(result).toEqual({ ok: false, reason: 'unknown' });
  });

  it('is unknown if its secret was changed, and the session lives on', async () => {
    const { sessions, cookie, present } = await arrange();
    const forged = cookie.slice(0, -4) + (cookie.endsWith('AAAA') ? 'BBBA' : 'AAAA');
    expect(await sessions.present(forged, { canRenew: true })).toMatchObject({ ok: false });
    expect(await present(cookie)).toMatchObject({ ok: true });
  });

  it('ends the session if onRefresh refuses it at a renewal', async () => {
    const { clock, sessions, cookie } = await arrange({ onRefresh: () => false });
    clock.advance('15m');
    expect(await sessions.present(cookie, { canRenew: true })).toEqual({
      ok: false,
      reason: 'revoked',
    });
    expect(await sessions.present(cookie, { canRenew: true })).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });
});

describe('a cookie that is due by a stale record', () => {
  /** An engine whose cheap reads return the record as it was when `freeze` was called. */
  async function arrangeStale() {
    const clock = createFakeClock();
    const { getCached: _cached, ...inner } = memoryStore({ clock });
    let stale: SessionRecord | undefined;
    const store: SessionStore = {
      ...inner,
      loadRecord: async (sid) => stale ?? (await inner.load(sid)).record,
    };
    const sessions = createSessions({
      store,
      clock,
      logger: silentLogger,
      renewAfter: '10s',
      overlap: '1m',
      grace: '30s',
    });
    const { session, refreshToken } = await sessions.create({ subject: 'ada' });
    const { sid } = session;
    const freeze = async () => {
      stale = (await inner.load(sid)).record;
    };
    const refreshed = vi.fn();
    sessions.on('refreshed', refreshed);
    const present = (cookie: string) => sessions.present(cookie, { canRenew: true });
    return { clock, sessions, inner, sid, cookie: refreshToken, freeze, present, refreshed };
  }

  it('is accepted if the newest record has it wait, and no renewal is reported', async () => {
    const { clock, sessions, inner, sid, cookie, freeze, present, refreshed } =
      await arrangeStale();
    clock.advance('10s');
    const second = await present(cookie);
    if (!second.ok || second.renewal === undefined) throw new Error('the cookie was not renewed');
    await freeze();
    // A replay makes the newest cookie wait.
    const { record } = await inner.load(sid);
    if (record === undefined) throw new Error('the session has ended');
    await inner.replaceAuth(
      sid,
      record.authVersion,
      { ...record.auth, replayed: true },
      { notAfter: clock.now() + 1_000, operation: 'a-replay' },
    );
    clock.advance('10s');
    // The time is sampled again: with an old one a record is not read by the cheap way.
    await sessions.create({ subject: 'bob' });
    refreshed.mockClear();
    expect(await present(second.renewal.refreshToken)).toEqual({
      ok: true,
      session: expect.objectContaining({ sid }),
    });
    expect(refreshed).not.toHaveBeenCalled();
  });

  it('is unknown if the session has ended since', async () => {
    const { clock, sessions, sid, cookie, freeze, present } = await arrangeStale();
    await freeze();
    await sessions.revoke(sid);
    clock.advance('10s');
    await sessions.create({ subject: 'bob' });
    expect(await present(cookie)).toEqual({ ok: false, reason: 'unknown' });
  });
});

describe('a refresh beside the cookie', () => {
  it('issues an access token for a generation that a renewal created without one', async () => {
    const { clock, sessions, cookie, renew } = await arrange();
    clock.advance('15m');
    const second = await renew(cookie);
    const refreshed = await sessions.refresh(cookie);
    if (!refreshed.ok) throw new Error(refreshed.reason);
    expect(refreshed.refreshToken).toBe(second);
    expect(await sessions.verify(refreshed.accessToken)).toMatchObject({ ok: true });
  });
});

describe('a refresh of the cookie itself', () => {
  const accepted = <Result extends { readonly ok: boolean }>(result: Result) => {
    if (!result.ok) throw new Error('the refresh was refused');
    return result as Extract<Result, { ok: true }>;
  };

  it('leaves a young cookie and its access token as they are, and renews an old one', async () => {
    const { clock, sessions, cookie } = await arrange();
    const first = accepted(await sessions.refresh(cookie, { isCookie: true }));
    const again = accepted(await sessions.refresh(cookie, { isCookie: true }));
    expect(first.refreshToken).toBe(cookie);
    expect(again.accessToken).toBe(first.accessToken);
    clock.advance('8m');
    const half = accepted(await sessions.refresh(cookie, { isCookie: true }));
    expect(half.refreshToken).toBe(cookie);
    expect(half.accessToken).not.toBe(first.accessToken);
    clock.advance('7m');
    const renewed = accepted(await sessions.refresh(cookie, { isCookie: true }));
    expect(renewed.refreshToken).not.toBe(cookie);
  });

  it('gives a spent cookie an access token within overlap, and no new cookie', async () => {
    const { clock, sessions, cookie, present, renew, settle } = await arrange();
    clock.advance('15m');
    await present(await renew(cookie));
    await settle();
    clock.advance('4m');
    const late = accepted(await sessions.refresh(cookie, { isCookie: true }));
    expect(late.refreshToken).toBe(cookie);
    expect(await sessions.verify(late.accessToken)).toMatchObject({ ok: true });
    clock.advance('1m');
    expect(await sessions.refresh(cookie, { isCookie: true })).toEqual({
      ok: false,
      reason: 'reused',
    });
  });
});

describe('options', () => {
  it('let the defaults give way, and refuse written values that contradict each other', () => {
    expect(() => createSessions({ idleTtl: '10m', renewAfter: '6m' })).toThrow(
      /^renewAfter .*at most '5m'/s,
    );
    expect(() => createSessions({ renewAfter: '10s', overlap: '61s' })).toThrow(
      /^overlap .*at most '1m'/s,
    );
    createSessions({ idleTtl: '10m' });
    createSessions({ renewAfter: '10s' });
    createSessions({ renewAfter: '10s', overlap: '60s' });
  });
});
