// The testkit works with the test runner of Node, without vitest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessions } from '@sess/core';
import { createFakeClock, signIn, silentLogger } from '@sess/testkit';

test('signs in and advances the clock', async () => {
  const clock = createFakeClock();
  const sessions = createSessions({ clock, logger: silentLogger, accessTtl: '15m' });
  const { accessToken } = await signIn(sessions, { subject: 'ada' });
  assert.equal((await sessions.verify(accessToken)).ok, true);
  clock.advance('16m');
  assert.equal((await sessions.verify(accessToken)).ok, false);
});
