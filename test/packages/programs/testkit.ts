import { createSessions, memoryStore } from '@sess/core';
import { createFakeClock, createFaultyStore, signIn, silentLogger } from '@sess/testkit';
import { adapterSuite, denylistSuite, storeSuite } from '@sess/testkit/suites';
import { expect, it } from 'vitest';

storeSuite('memory', async () => {
  const clock = createFakeClock();
  return {
    store: memoryStore({ clock }),
    passTime: async (milliseconds) => clock.set(clock.now() + milliseconds),
    close: async () => {},
  };
});

it('exports the other suites', () => {
  expect([adapterSuite, denylistSuite].map((suite) => typeof suite)).toEqual([
    'function',
    'function',
  ]);
});

it('signs in and advances the clock', async () => {
  const clock = createFakeClock();
  const faulty = createFaultyStore(memoryStore());
  const sessions = createSessions<{ handle: string }>({
    clock,
    logger: silentLogger,
    store: faulty.store,
    accessTtl: '15m',
  });
  const ada = await signIn(sessions, { subject: 'ada', data: { handle: 'Ada' } });
  const handle: string = ada.session.data.handle;
  expect(handle).toBe('Ada');
  clock.advance('16m');
  expect(await sessions.verify(ada.accessToken)).toMatchObject({ ok: false, reason: 'expired' });
});
