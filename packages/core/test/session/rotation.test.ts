import { createHash, createHmac } from 'node:crypto';
import {
  createSessions,
  type Issued,
  memoryStore,
  type Sessions,
  type SessionsOptions,
} from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createWrite } from '../../../../test/kit.js';

const LIMIT = { max: 100, onLimit: 'evict-oldest' } as const;

function arrange(options: SessionsOptions = {}) {
  const clock = createFakeClock();
  const store = memoryStore({ clock });
  const sessions = createSessions({ store, clock, logger: silentLogger, ...options });
  const events: string[] = [];
  sessions.on('reuse', ({ alternative }) => {
    events.push(alternative === undefined ? 'reuse' : `reuse:${alternative}`);
  });
  sessions.on('revoked', (event) => void events.push(`revoked:${event.cause}`));
  return { clock, store, sessions, events };
}

async function refreshed(sessions: Sessions, token: string): Promise<Issued> {
  const result = await sessions.refresh(token);
  if (!result.ok) throw new Error(`refresh was rejected: ${result.reason}`);
  return result;
}

/** Presents an access token, and lets the background settling finish. */
async function use(sessions: Sessions, issued: Issued): Promise<void> {
  expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
  await new Promise((resolve) => setImmediate(resolve));
}

/** Puts other characters into one part of a refresh token, keeping its form. */
function forge(token: string, part: 'family' | 'secret', generation?: number): string {
  const [head = '', middle = '', secret = ''] = token.split('.');
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(generation ?? Buffer.from(middle.slice(16), 'base64url').readUInt32BE());
  const family =
    part === 'family' ? middle.slice(0, 16).split('').reverse().join('') : middle.slice(0, 16);
  const forged =
    part === 'secret'
      ? secret.slice(0, 42).split('').reverse().join('') + secret.slice(42)
      : secret;
  return `${head}.${family}${counter.toString('base64url')}.${forged}`;
}

describe('the grace', () => {
  it('ends at its last millisecond once the successor has been used [rotation.grace, rotation.reuse]', async () => {
    const { clock, sessions, events } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    await use(sessions, second);
    clock.advance('9999ms');
    expect((await refreshed(sessions, first.refreshToken)).refreshToken).toBe(second.refreshToken);
    clock.advance('1ms');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
    expect(await sessions.verify(second.accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(events).toEqual(['reuse', 'revoked:reuse']);
  });

  it('of a settled step is never prolonged by replays [rotation.grace]', async () => {
    const { clock, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await use(sessions, await refreshed(sessions, first.refreshToken));
    for (let replay = 0; replay < 9; replay += 1) {
      clock.advance('1s');
      await refreshed(sessions, first.refreshToken);
    }
    clock.advance('1s');
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ reason: 'reused' });
  });

  it('the grace does not end while the successor was never used: its response may have been lost [rotation.lost]', async () => {
    const { clock, sessions, events } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    clock.advance('1h');
    const again = await refreshed(sessions, first.refreshToken);
    expect(again.refreshToken).toBe(second.refreshToken);
    // The retry started the grace anew: used at once, it still forgives for so long.
    await use(sessions, again);
    clock.advance('9s');
    expect((await refreshed(sessions, first.refreshToken)).refreshToken).toBe(second.refreshToken);
    clock.advance('1s');
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ reason: 'reused' });
    expect(events).toEqual(['reuse', 'revoked:reuse']);
  });

  it('gives a token two generations old the newest pair [rotation.older]', async () => {
    const { clock, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    clock.advance('3s');
    const third = await refreshed(sessions, second.refreshToken);
    clock.advance('3s');
    const replay = await refreshed(sessions, first.refreshToken);
    expect(replay.refreshToken).toBe(third.refreshToken);
    expect(replay.accessToken).toBe(third.accessToken);
  });

  it('makes a ninth rotation wait, so that no step within it is forgotten [rotation.lineage]', async () => {
    const { clock, sessions, events } = arrange();
    const chain = [await sessions.create({ subject: 'ada' })];
    for (let n = 0; n < 8; n += 1)
      chain.push(await refreshed(sessions, chain.at(-1)?.refreshToken ?? ''));
    const newest = chain.at(-1)?.refreshToken ?? '';
    clock.advance('9999ms');
    expect((await refreshed(sessions, newest)).refreshToken).toBe(newest);
    for (const { refreshToken } of chain) {
      expect((await refreshed(sessions, refreshToken)).refreshToken).toBe(newest);
    }
    expect(events).toEqual([]);
  });

  it('lets the ninth rotation come when the oldest step is over [rotation.lineage]', async () => {
    const { clock, sessions } = arrange();
    const chain = [await sessions.create({ subject: 'ada' })];
    for (let n = 0; n < 8; n += 1) {
      chain.push(await refreshed(sessions, chain.at(-1)?.refreshToken ?? ''));
      await sessions.verify(chain.at(-1)?.accessToken);
    }
    const newest = chain.at(-1)?.refreshToken ?? '';
    clock.advance('10s');
    expect((await refreshed(sessions, newest)).refreshToken).not.toBe(newest);
    expect(await sessions.refresh(chain[0]?.refreshToken)).toMatchObject({ reason: 'reused' });
  });

  it('of an hour is kept with access tokens of five minutes', async () => {
    const { clock, sessions, events } = arrange({ grace: '1h', accessTtl: '5m' });
    const first = await sessions.create({ subject: 'ada' });
    let newest = first;
    for (let n = 0; n < 11; n += 1) {
      clock.advance('5m');
      newest = await refreshed(sessions, newest.refreshToken);
      expect(await sessions.verify(newest.accessToken)).toMatchObject({ ok: true });
    }
    expect(await refreshed(sessions, first.refreshToken)).toMatchObject({
      refreshToken: newest.refreshToken,
    });
    expect(events).toEqual([]);
  });

  it('is at most half of the idle time, so that a rotation that waits ends no active session', async () => {
    const { clock, sessions } = arrange({ grace: '1h', idleTtl: '20m', accessTtl: '1m' });
    let newest = await sessions.create({ subject: 'ada' });
    for (let n = 0; n < 120; n += 1) {
      clock.advance('1m');
      newest = await refreshed(sessions, newest.refreshToken);
    }
    expect(await sessions.verify(newest.accessToken)).toMatchObject({ ok: true });
  });

  it('the grace accepts no token that has expired within it [rotation.expired]', async () => {
    const { clock, sessions } = arrange({ idleTtl: '5s', accessTtl: '2s', grace: '10s' });
    const first = await sessions.create({ subject: 'ada' });
    await refreshed(sessions, first.refreshToken);
    clock.advance('5s');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('a grace of zero still accepts a lost response, and nothing else', async () => {
    const { sessions } = arrange({ grace: '0s' });
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    expect((await refreshed(sessions, first.refreshToken)).refreshToken).toBe(second.refreshToken);
    await use(sessions, second);
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ reason: 'reused' });
  });
});

describe('the hold after a replay', () => {
  it('a hold returns the newest token unchanged for two graces after the step, and then rotates [rotation.rotates]', async () => {
    const { clock, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    clock.advance('5s');
    await refreshed(sessions, first.refreshToken);
    clock.advance('14999ms');
    const held = await refreshed(sessions, second.refreshToken);
    expect(held.refreshToken).toBe(second.refreshToken);
    expect(held.accessToken).toBe(second.accessToken);
    clock.advance('1ms');
    expect((await refreshed(sessions, second.refreshToken)).refreshToken).not.toBe(
      second.refreshToken,
    );
  });

  it('a hold acknowledges the step: the client that presents the newest token has received it', async () => {
    const { clock, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    await refreshed(sessions, first.refreshToken);
    await refreshed(sessions, second.refreshToken);
    clock.advance('10s');
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ reason: 'reused' });
  });
});

describe('steady use', () => {
  it('is not ended by a hold: it never outlasts half the idle time', async () => {
    const { clock, sessions } = arrange({ idleTtl: '5s', accessTtl: '2s', grace: '10s' });
    const first = await sessions.create({ subject: 'ada' });
    let newest = await refreshed(sessions, first.refreshToken);
    await refreshed(sessions, first.refreshToken);
    for (let second = 0; second < 20; second += 1) {
      clock.advance('1s');
      newest = await refreshed(sessions, newest.refreshToken);
    }
    expect(await sessions.verify(newest.accessToken)).toMatchObject({ ok: true });
  });
});

describe('one theft', () => {
  it('a theft is one event, even if the spent token is presented concurrently [rotation.reuse]', async () => {
    const { clock, sessions, events } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await use(sessions, await refreshed(sessions, first.refreshToken));
    clock.advance('1m');
    const results = await Promise.all(
      Array.from({ length: 20 }, () => sessions.refresh(first.refreshToken)),
    );
    expect(results.every((result) => !result.ok)).toBe(true);
    expect(events).toEqual(['reuse', 'revoked:reuse']);
  });

  it('is still noticed by an engine that was started after it [rotation.restart]', async () => {
    const { clock, store, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await use(sessions, await refreshed(sessions, first.refreshToken));
    clock.advance('1m');
    const restarted = createSessions({ store, clock, logger: silentLogger });
    expect(await restarted.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });

  it('is not what a re-authentication looks like that comes in between [rotation.reauthentication]', async () => {
    const { clock, store, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await use(sessions, await refreshed(sessions, first.refreshToken));
    clock.advance('1m');
    // The elevation comes right after the record was read on which the spent token is judged.
    let elevated: Issued | undefined;
    const slow = {
      ...store,
      async load(sid: string) {
        const loaded = await store.load(sid);
        elevated ??= await sessions.elevate(sid);
        return loaded;
      },
    };
    const reuses: unknown[] = [];
    const other = createSessions({ store: slow, clock, logger: silentLogger });
    other.on('reuse', (event) => void reuses.push(event));
    expect(await other.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(reuses).toEqual([]);
    expect(await sessions.verify(elevated?.accessToken)).toMatchObject({ ok: true });
  });
});

describe('a token that is not genuine', () => {
  it.each([
    ['another family', (token: string) => forge(token, 'family')],
    ['another secret', (token: string) => forge(token, 'secret')],
    ['another secret, of the generation before', (token: string) => forge(token, 'secret', 1)],
    ['another family, of a generation to come', (token: string) => forge(token, 'family', 9)],
  ])('reads unknown and does nothing to the session: %s [rotation.forged]', async (_what, make) => {
    const { sessions, events } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    const third = await refreshed(sessions, second.refreshToken);
    expect(await sessions.refresh(make(third.refreshToken))).toEqual({
      ok: false,
      reason: 'unknown',
    });
    expect(await sessions.verify(third.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.end({ refreshToken: make(third.refreshToken) })).toBe(false);
    expect(await sessions.verify(third.accessToken)).toMatchObject({ ok: true });
    expect(events).toEqual([]);
  });
});

describe('a store that lost acknowledged writes', () => {
  it('ends the session as lost-writes, and reports the token that may be forged [rotation.failover]', async () => {
    const before = arrange();
    const first = await before.sessions.create({ subject: 'ada' });
    const { record, now } = await before.store.load(first.session.sid);
    const second = await refreshed(before.sessions, first.refreshToken);

    const after = arrange();
    if (record !== undefined) await after.store.insert(record, LIMIT, createWrite(now));
    expect(await after.sessions.refresh(second.refreshToken)).toEqual({
      ok: false,
      reason: 'unknown',
    });
    expect(after.events).toEqual(['reuse:lost-writes', 'revoked:lost-writes']);
    expect(await after.sessions.refresh(first.refreshToken)).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });

  it('is not noticed, and does no harm, when the client presents the older token', async () => {
    const before = arrange();
    const first = await before.sessions.create({ subject: 'ada' });
    const { record, now } = await before.store.load(first.session.sid);
    await refreshed(before.sessions, first.refreshToken);

    const after = arrange();
    if (record !== undefined) await after.store.insert(record, LIMIT, createWrite(now));
    expect(await after.sessions.refresh(first.refreshToken)).toMatchObject({ ok: true });
    expect(after.events).toEqual([]);
  });
});

describe('what rotation leaves behind', () => {
  it('keeps earlier access tokens for their whole time by default', async () => {
    const { clock, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('1m');
    await refreshed(sessions, first.refreshToken);
    clock.advance('13m');
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    clock.advance('1m');
    expect(await sessions.verify(first.accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('accessOverlap shortens replaced access tokens, and 0s ends them with the rotation', async () => {
    const short = arrange({ accessOverlap: '1s' });
    const first = await short.sessions.create({ subject: 'ada' });
    await refreshed(short.sessions, first.refreshToken);
    short.clock.advance('999ms');
    expect(await short.sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    short.clock.advance('1ms');
    expect(await short.sessions.verify(first.accessToken)).toEqual({
      ok: false,
      reason: 'expired',
    });

    const none = arrange({ accessOverlap: '0s' });
    const other = await none.sessions.create({ subject: 'ada' });
    await refreshed(none.sessions, other.refreshToken);
    expect(await none.sessions.verify(other.accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('keeps the newest eight access tokens live', async () => {
    const { sessions } = arrange();
    const chain = [await sessions.create({ subject: 'ada' })];
    for (let n = 0; n < 8; n += 1)
      chain.push(await refreshed(sessions, chain.at(-1)?.refreshToken ?? ''));
    const results = await Promise.all(chain.map(({ accessToken }) => sessions.verify(accessToken)));
    expect(results.map((result) => result.ok)).toEqual([
      false,
      ...Array.from({ length: 8 }, () => true),
    ]);
  });

  it('moves the idle deadline, never the absolute one; a replay moves neither [life.absolute, life.reauthentication]', async () => {
    const { clock, store, sessions } = arrange({ idleTtl: '1d', absoluteTtl: '3d' });
    const first = await sessions.create({ subject: 'ada' });
    const absoluteEnd = clock.now() + 3 * 86_400_000;
    clock.advance('20h');
    const second = await refreshed(sessions, first.refreshToken);
    expect(second.session.expiresAt).toBe(clock.now() + 86_400_000);
    clock.advance('5s');
    const replay = await refreshed(sessions, first.refreshToken);
    expect(replay.session.expiresAt).toBe(second.session.expiresAt);
    let newest = second;
    for (let n = 0; n < 2; n += 1) {
      clock.advance('20h');
      newest = await refreshed(sessions, newest.refreshToken);
      expect((await store.load(newest.session.sid)).record?.auth.absoluteExpiresAt).toBe(
        absoluteEnd,
      );
    }
    expect(newest.session.expiresAt).toBe(absoluteEnd);
  });

  it('gives a replay after the access token ran out a new one, of the same refresh token', async () => {
    const { clock, sessions } = arrange({ accessTtl: '3s', accessOverlap: '3s' });
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    clock.advance('3s');
    const replay = await refreshed(sessions, first.refreshToken);
    expect(replay.refreshToken).toBe(second.refreshToken);
    expect(replay.accessToken).not.toBe(second.accessToken);
    expect(await sessions.verify(replay.accessToken)).toMatchObject({ ok: true });
    expect((await refreshed(sessions, first.refreshToken)).accessToken).toBe(replay.accessToken);
  });

  it('keeps only digests, and derives successors as ROTATION has it [tokens.stored, tokens.derived]', async () => {
    const { store, sessions } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    const { record } = await store.load(first.session.sid);
    const kept = JSON.stringify(record);
    const secretOf = (token: string) => token.split('.').at(-1) ?? '';
    for (const issued of [first, second]) {
      expect(kept).not.toContain(secretOf(issued.refreshToken));
      expect(kept).not.toContain(secretOf(issued.accessToken));
    }
    // A second witness, from node:crypto alone.
    const salt = Buffer.from(record?.auth.steps.at(-1)?.salt ?? '', 'base64url');
    const mac = (key: string, label: Buffer) =>
      createHmac('sha256', Buffer.from(key, 'base64url'))
        .update(Buffer.concat([salt, label]))
        .digest('base64url');
    const next = mac(secretOf(first.refreshToken), Buffer.from('refresh'));
    expect(secretOf(second.refreshToken)).toBe(next);
    expect(secretOf(second.accessToken)).toBe(mac(next, Buffer.from('access\0\0\0\0')));
    const digest = createHash('sha256').update(next).digest('base64url');
    expect(digest.startsWith(record?.auth.refresh ?? '-')).toBe(true);
    expect(record?.auth.refresh).toHaveLength(22);
  });
});

describe('tabs', () => {
  it('that refresh in turn for an hour never rotate more often than one was due [rotation.tabs]', async () => {
    const { clock, sessions, events } = arrange();
    let rotations = 0;
    sessions.on('refreshed', (event) => {
      if (!event.replayed) rotations += 1;
    });
    const login = await sessions.create({ subject: 'ada' });
    let jar = login.refreshToken;
    let due = 0;
    const tabs = Array.from({ length: 4 }, (_, n) => ({
      access: login.accessToken,
      next: clock.now() + (13 * 60 + n * 7) * 1_000,
    }));
    const end = clock.now() + 3_600_000;
    while (clock.now() < end) {
      clock.advance('1s');
      for (const tab of tabs) {
        if (clock.now() >= tab.next) {
          due += 1;
          const issued = await refreshed(sessions, jar);
          jar = issued.refreshToken;
          tab.access = issued.accessToken;
          tab.next = clock.now() + 13 * 60_000;
        }
        if (clock.now() % 10_000 === 0) {
          expect(await sessions.verify(tab.access)).toMatchObject({ ok: true });
          await Promise.resolve();
        }
      }
    }
    expect(due).toBe(16);
    expect(rotations).toBeLessThanOrEqual(due);
    expect(events).toEqual([]);
  });
});
