import { createSessions } from '@sess/core';
import { createSessionHttp } from '@sess/core/http';
import { signIn } from '@sess/testkit';
import { expect, it } from 'vitest';

it('signIn creates a session whose headers authenticate a request', async () => {
  const sessions = createSessions();
  const ada = await signIn(sessions, { subject: 'ada' });
  expect(await sessions.authenticate(ada.headers.authorization)).toMatchObject({
    ok: true,
    session: { subject: 'ada' },
  });
  expect(ada.cookieHeaders.cookie).toBe(`__Host-sess=${ada.refreshToken}`);
});

it.each([
  [{}, '__Host-sess'],
  [{ secure: false }, 'sess'],
  [{ name: 'login' }, '__Host-login'],
  [{ path: '/api', name: 'login' }, '__Secure-login'],
])('signIn names the cookie as the middleware does with %j', async (cookie, name) => {
  const ada = await signIn(createSessions(), { subject: 'ada' }, { cookie });
  expect(ada.cookieHeaders.cookie).toBe(`${name}=${ada.refreshToken}`);
});

it('signIn refuses cookie options that the middleware refuses', async () => {
  const sessions = createSessions();
  const cookie = { name: 'a b' };
  const refused = { code: 'invalid_option' };
  expect(() => createSessionHttp(() => sessions, { cookie })).toThrow(
    expect.objectContaining(refused),
  );
  await expect(signIn(sessions, { subject: 'ada' }, { cookie })).rejects.toMatchObject(refused);
  expect(await sessions.list('ada')).toEqual([]);
});
