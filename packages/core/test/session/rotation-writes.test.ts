import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';

/** What a rotation asks of the store. */
function arrange(options: SessionsOptions = {}, change: Partial<SessionStore> = {}) {
  const clock = createFakeClock();
  const store = memoryStore({ clock });
  /** The generation that is marked on a conflict, and whether data is written as well. */
  const writes: [number | undefined, boolean][] = [];
  const watched: SessionStore = {
    ...store,
    replaceAuth(sid, expected, auth, context, generation) {
      writes.push([generation, context.data !== undefined]);
      return store.replaceAuth(sid, expected, auth, context, generation);
    },
    ...change,
  };
  const sessions = createSessions({ store: watched, clock, logger: silentLogger, ...options });
  const refresh = async (token: string) => {
    const issued = await sessions.refresh(token);
    if (!issued.ok) throw new Error(`not refreshed: ${issued.reason}`);
    return issued.refreshToken;
  };
  return { clock, store, sessions, writes, refresh };
}

describe('the write of a rotation', () => {
  it('names the generation that it makes, and leaves the data as it is', async () => {
    const { sessions, writes, refresh } = arrange();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await refresh(await refresh(refreshToken));
    expect(writes).toEqual([
      [1, false],
      [2, false],
    ]);
  });

  it('has the data that the application returned', async () => {
    const { sessions, writes, refresh } = arrange({ onRefresh: () => ({ seen: true }) });
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await refresh(refreshToken);
    expect(writes).toEqual([[1, true]]);
  });

  it('names the generation of a renewed cookie', async () => {
    const { clock, sessions, writes } = arrange();
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    let cookie = refreshToken;
    for (let n = 0; n < 2; n += 1) {
      clock.advance('1d');
      const result = await sessions.present(cookie, { canRenew: true });
      if (!result.ok) throw new Error(result.reason);
      cookie = result.renewal?.refreshToken ?? '';
    }
    expect(writes).toEqual([
      [1, false],
      [2, false],
    ]);
  });

  it('names none for a family from before a re-authentication: its token is no sign of a rival', async () => {
    const { clock, sessions, writes, refresh } = arrange({ overlap: '30m', renewAfter: '2h' });
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    clock.advance('14m');
    await sessions.elevate(session.sid);
    writes.length = 0;
    clock.advance('2m');
    await refresh(refreshToken);
    expect(writes).toEqual([[undefined, false]]);
  });
});

describe('a spent token', () => {
  it('is reported by nothing if another process has removed the session', async () => {
    const { clock, sessions, refresh } = arrange(
      {},
      { remove: async () => ({ status: 'absent', now: createFakeClock().now() }) },
    );
    const told = vi.fn();
    for (const name of ['reuse', 'revoked'] as const) sessions.on(name, told);
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await refresh(await refresh(refreshToken));
    clock.advance('1h');
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'reused' });
    expect(told).not.toHaveBeenCalled();
  });
});

describe('the application', () => {
  it('is asked by a rotation, and not by a cookie that gets the newest one again', async () => {
    const onRefresh = vi.fn();
    const { clock, sessions } = arrange({ onRefresh });
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    clock.advance('1d');
    const present = () => sessions.present(refreshToken, { canRenew: true });
    const renewed = await present();
    expect(onRefresh).toHaveBeenCalledTimes(1);
    clock.advance('1s');
    const again = await present();
    expect([renewed, again]).toMatchObject([{ ok: true }, { ok: true }]);
    expect(onRefresh).toHaveBeenCalledTimes(1);
  });
});

describe('renewals at the same time', () => {
  it('of two users never share a result', async () => {
    const { clock, sessions } = arrange();
    const [ada, bob] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'bob' }),
    ];
    clock.advance('1d');
    const results = await Promise.all(
      [ada, bob].map(({ refreshToken }) => sessions.present(refreshToken, { canRenew: true })),
    );
    expect(results).toMatchObject([
      { ok: true, session: { subject: 'ada' } },
      { ok: true, session: { subject: 'bob' } },
    ]);
  });
});
