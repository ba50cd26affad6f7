// The testkit works with Jest, without vitest.
import { expect, test } from '@jest/globals';
import { createSessions } from '@sess/core';
import { createFakeClock, signIn, silentLogger } from '@sess/testkit';

test('signs in and advances the clock', async () => {
  const clock = createFakeClock();
  const sessions = createSessions({ clock, logger: silentLogger, accessTtl: '15m' });
  const { accessToken } = await signIn(sessions, { subject: 'ada' });
  expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
  clock.advance('16m');
  expect(await sessions.verify(accessToken)).toMatchObject({ ok: false });
});
