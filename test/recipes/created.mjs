// What a user does with an application of create-sess: sees nothing, signs in, sees it, signs out.
import { expect } from 'vitest';

const USER = { email: 'ada@example.com', password: 'correct horse' };

/** Returns the first cookie of a response, as a request sends it. */
function cookieOf(response) {
  return response.headers.getSetCookie()[0]?.split(';', 1)[0];
}

/** Pages with a session cookie, as a browser asks for them. */
export async function usePages(base) {
  const send = (path, { method = 'GET', cookie = '', body } = {}) =>
    fetch(base + path, {
      method,
      redirect: 'manual',
      headers: { accept: 'text/html', origin: base, 'sec-fetch-site': 'same-origin', cookie },
      ...(body && { body: new URLSearchParams(body) }),
    });
  expect((await send('/account')).status).toBe(401);
  const wrong = await send('/sign-in', { method: 'POST', body: { ...USER, password: 'wrong' } });
  expect(wrong.status).toBe(401);
  const right = await send('/sign-in', { method: 'POST', body: USER });
  expect([right.status, right.headers.get('location')]).toEqual([303, '/account']);
  const cookie = cookieOf(right);
  expect(await (await send('/account', { cookie })).text()).toContain('<h1>ada</h1>');
  const out = await send('/session/logout', { method: 'POST', cookie });
  expect(out.status).toBeLessThan(400);
  expect((await send('/account', { cookie })).status).toBe(401);
}

/** An API with access tokens, and a refresh token in a cookie. */
export async function useApi(base) {
  const send = (path, { method = 'GET', headers = {}, body } = {}) =>
    fetch(base + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  const bearer = (token) => ({ authorization: `Bearer ${token}` });
  expect((await send('/me')).status).toBe(401);
  const login = await send('/login', { method: 'POST', body: USER });
  const { access_token: first } = await login.json();
  expect(await (await send('/me', { headers: bearer(first) })).json()).toEqual({ user: 'ada' });
  const headers = { cookie: cookieOf(login) };
  const refreshed = await send('/session/refresh', { method: 'POST', headers });
  const { access_token: second } = await refreshed.json();
  expect((await send('/me', { headers: bearer(second) })).status).toBe(200);
  const out = await send('/session/logout', { method: 'POST', headers: bearer(second) });
  expect(out.status).toBe(204);
  expect((await send('/me', { headers: bearer(second) })).status).toBe(401);
}
