import { expect, it } from '@jest/globals';
import { createSessions } from '@sess/core';
import { createFakeClock, signIn } from '@sess/testkit';

it('signs in and advances the clock in Jest', async () => {
  const clock = createFakeClock();
  const sessions = createSessions({ clock, accessTtl: '15m' });
  const ada = await signIn(sessions, { subject: 'ada' }, { cookie: { secure: false } });
  expect(ada.cookieHeaders.cookie).toBe(`sess=${ada.refreshToken}`);
  expect((await sessions.verify(ada.accessToken)).ok).toBe(true);
  clock.advance('16m');
  expect(await sessions.verify(ada.accessToken)).toEqual({ ok: false, reason: 'expired' });
});
