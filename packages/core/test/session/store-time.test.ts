import { createSessions, memoryStore } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { expect, it } from 'vitest';
import { createStoreTime } from '../../src/session/store-client.js';

/** A store that can read without its time, and notes how it was asked. */
function arrange() {
  const clock = createFakeClock();
  const asked: string[] = [];
  const { getCached: _, ...inner } = memoryStore({ clock });
  const store: SessionStore = {
    ...inner,
    async load(sid) {
      asked.push('load');
      return inner.load(sid);
    },
    async loadRecord(sid) {
      asked.push('read');
      return (await inner.load(sid)).record;
    },
  };
  return { clock, asked, sessions: createSessions({ store, clock, logger: silentLogger }) };
}

it('a verification reads without the time while a recent sample of it exists, and samples it again afterwards', async () => {
  const { clock, asked, sessions } = arrange();
  const { accessToken, session } = await sessions.create({ subject: 'ada' });
  asked.length = 0;
  await sessions.verify(accessToken);
  clock.advance('9s');
  await sessions.verify(accessToken);
  clock.advance('1s');
  await sessions.verify(accessToken);
  await sessions.verify(accessToken);
  expect(asked).toEqual(['read', 'read', 'load', 'read']);
  await sessions.get(session.sid);
  expect(asked.at(-1)).toBe('load');
});

it('a token that is read so dies at its time', async () => {
  const { clock, asked, sessions } = arrange();
  const { accessToken } = await sessions.create({ subject: 'ada' });
  clock.advance('14m');
  await sessions.verify(accessToken);
  clock.advance('50s');
  await sessions.verify(accessToken);
  clock.advance('9s');
  expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
  clock.advance('1s');
  asked.length = 0;
  expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
});

it('a sample is not fresh on a clock that was set back', () => {
  let now = 100_000;
  const time = createStoreTime({ now: () => now });
  expect(time.isFresh).toBe(false);
  time.observe(100_500);
  expect(time.isFresh).toBe(true);
  now = 90_000;
  expect(time.isFresh).toBe(false);
});

it('a sample is not fresh before there is one, however young the clock', () => {
  const time = createStoreTime({ now: () => 5 });
  expect(time.isSampled).toBe(false);
  expect(time.isFresh).toBe(false);
  time.observe(7);
  expect(time.isSampled).toBe(true);
  expect(time.isFresh).toBe(true);
  expect(time.now()).toBe(7);
});

it('a clock that goes back by a second or less was corrected, by more it was set', () => {
  let now = 100_000;
  const time = createStoreTime({ now: () => now });
  time.observe(500_000);
  now -= 1_000;
  expect([time.now(), time.isSampled]).toEqual([499_000, true]);
  now -= 1_001;
  time.now();
  expect(time.isSampled).toBe(false);
});

it('a sample from ahead of a corrected clock is not fresh', () => {
  let now = 100_000;
  const time = createStoreTime({ now: () => now });
  time.observe(100_000);
  now -= 1;
  expect([time.isFresh, time.isSampled]).toEqual([false, true]);
});
