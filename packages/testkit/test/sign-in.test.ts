import { createSessions } from '@sess/core';
import { signIn } from '@sess/testkit';
import { expect, it } from 'vitest';

it('signs someone in for a test of what lies behind the sign-in', async () => {
  const sessions = createSessions();
  const ada = await signIn(sessions, { subject: 'ada' });
  expect(await sessions.authenticate(ada.headers.authorization)).toMatchObject({
    ok: true,
    session: { subject: 'ada' },
  });
  expect(ada.cookieHeaders.cookie).toBe(`__Host-sess=${ada.refreshToken}`);
});
