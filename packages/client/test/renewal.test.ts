import { describe, expect, it } from 'vitest';
import { BASE, networkFault, problem, silence } from './fakes/api.js';
import { createGate, createWorld, settle } from './fakes/world.js';

async function signedInWorld(life = 900) {
  const world = createWorld({ life });
  const client = world.open();
  await client.start(world.api.issue());
  return { ...world, client };
}

describe('the access token', () => {
  it('is requested by the first request of a page', async () => {
    const { api, open } = createWorld();
    api.hasCookie = true;
    const client = open();
    expect(client.signedIn).toBeUndefined();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(client.signedIn).toBe(true);
    expect(api.sent.map(({ path }) => path)).toEqual(['/session/refresh', '/me']);
  });

  it('is not requested again once no user is known to be signed in', async () => {
    const { api, open } = createWorld();
    const client = open();
    for (let i = 0; i < 3; i += 1) await client.fetch(`${BASE}/public`);
    expect(client.signedIn).toBe(false);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed shortly before it expires, before the next request', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 869_999;
    await client.fetch(`${BASE}/me`);
    clock.now += 1;
    await client.fetch(`${BASE}/me`);
    expect(api.sent.map(({ path, token }) => `${path} ${token}`)).toEqual([
      '/me t1',
      '/session/refresh t1',
      '/me t2',
    ]);
  });

  it('is renewed once for ten waiting requests', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const all = Array.from({ length: 10 }, () => client.fetch(`${BASE}/me`));
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed once for ten refused requests', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const all = Array.from({ length: 10 }, () => client.fetch(`${BASE}/me`));
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(api.countOf('/session/refresh')).toBe(1);
    expect(api.countOf('/me')).toBe(20);
  });

  it('is not renewed again for a refusal that arrives after the renewal', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const gate = createGate<undefined>();
    const refusal = () => problem(401, 'invalid_token', 'Bearer error="invalid_token"');
    api.next('/slow', () => gate.promise.then(refusal));
    const slow = client.fetch(`${BASE}/slow`);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    gate.open(undefined);
    expect((await slow).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed for a refusal that only the body shows, as with CORS', async () => {
    const { api, client } = await signedInWorld();
    api.next('/me', () => problem(401, 'invalid_token'));
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed for a Bearer challenge among others', async () => {
    const { api, client } = await signedInWorld();
    const challenge = 'Basic realm="x", Bearer realm="x", error=invalid_token';
    api.next('/me', () => problem(401, undefined, challenge));
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('is used until its end when it cannot be renewed', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 880_000;
    api.next('/session/refresh', networkFault, networkFault, networkFault);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    const unavailable = () => problem(503, 'store_unavailable');
    api.next('/session/refresh', unavailable, unavailable, unavailable);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.sent.at(-1)?.token).toBe('t1');
  });

  it('is renewed after the device slept for three days', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 3 * 86_400_000;
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it.each([
    ['ahead by ten years', 315_360_000_000],
    ['back by ten years', -315_360_000_000],
    ['back by an hour', -3_600_000],
  ])('survives a clock that is set %s', async (_what, jump) => {
    const { api, clock, client } = await signedInWorld();
    clock.now += jump;
    for (let i = 0; i < 5; i += 1) expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBeLessThanOrEqual(1);
    api.accepted.clear();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(client.signedIn).toBe(true);
  });
});

describe('the user stays signed in after', () => {
  it.each([
    ['a 401 with a bare challenge', () => problem(401, 'session_required', 'Bearer')],
    [
      'a 401 that asks for a more recent sign-in',
      () => problem(401, 'x', 'Bearer error="insufficient_user_authentication"'),
    ],
    ['a 401 of another scheme', () => problem(401, undefined, 'Basic realm="invalid_token"')],
    ['a 403', () => problem(403, 'access_denied')],
    ['a 503', () => problem(503, 'store_unavailable')],
  ])('%s of the API', async (_what, answer) => {
    const { api, client } = await signedInWorld();
    api.next('/me', answer);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(answer().status);
    expect(client.signedIn).toBe(true);
    expect(api.countOf('/session/refresh')).toBe(0);
    expect(api.countOf('/me')).toBe(1);
  });

  it('a 401 that a redirect to another origin led to', async () => {
    const { api, client } = await signedInWorld();
    api.next('/me', () =>
      Object.defineProperty(problem(401, undefined, 'Bearer error="invalid_token"'), 'url', {
        value: 'https://elsewhere.test/me',
      }),
    );
    expect((await client.fetch(`${BASE}/me`)).status).toBe(401);
    expect(api.countOf('/session/refresh')).toBe(0);
  });

  it.each([
    ['a network fault', networkFault],
    ['a 503', () => problem(503, 'store_unavailable')],
    ['a gateway that asks for a password', () => problem(401, undefined, 'Basic')],
    ['a gateway with codes of its own', () => problem(401, 'UNAUTHORIZED')],
    ['a 429', () => problem(429, undefined)],
    ['a 403', () => problem(403, 'cross_site_request')],
    ['a page in place of an answer', () => new Response('<html>')],
    ['an answer without a token', () => Response.json({})],
  ])('%s at a renewal', async (_what, answer) => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    api.next('/session/refresh', answer, answer, answer);
    await expect(client.refresh()).rejects.toThrow();
    expect(client.signedIn).toBe(true);
    for (let i = 0; i < 2; i += 1) await client.fetch(`${BASE}/me`).catch(() => {});
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(client.signedIn).toBe(true);
  });
});

describe('a renewal', () => {
  it('is retried when its response is lost', async () => {
    const { api, clock, slept, client } = await signedInWorld();
    clock.now += 900_000;
    api.accepted.clear();
    api.next('/session/refresh', networkFault, networkFault);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(slept).toEqual([300, 1_500]);
  });

  it('is retried after ten seconds without a response', async () => {
    const { api, pass, client } = await signedInWorld();
    await pass(900_000);
    api.next('/session/refresh', silence);
    const renewal = client.refresh();
    await settle();
    await pass(9_999);
    expect(api.countOf('/session/refresh')).toBe(1);
    await pass(1);
    expect(await renewal).toBe(true);
    expect(api.countOf('/session/refresh')).toBe(2);
  });

  it('rejects each refused request with the network error that it met', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    api.accepted.clear();
    api.next('/session/refresh', networkFault, networkFault, networkFault);
    const all = [client.fetch(`${BASE}/me`), client.fetch(`${BASE}/me`)];
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(api.countOf('/me')).toBe(2);
  });

  it('gives each refused request its 503 response with an unread body', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    api.accepted.clear();
    const unavailable = () => problem(503, 'store_unavailable');
    api.next('/session/refresh', unavailable, unavailable, unavailable);
    const all = [client.fetch(`${BASE}/me`), client.fetch(`${BASE}/me`)];
    const bodies = (await Promise.all(all)).map((response) => response.json());
    expect(await Promise.all(bodies)).toEqual(
      Array(2).fill({ status: 503, code: 'store_unavailable' }),
    );
  });

  it('leaves no unhandled rejection when its caller aborts', async () => {
    const { api, clock, client } = await signedInWorld();
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      clock.now += 900_000;
      api.next('/session/refresh', networkFault, networkFault, networkFault);
      const controller = new AbortController();
      const answer = client.fetch(`${BASE}/me`, { signal: controller.signal });
      controller.abort();
      await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
      await settle();
      await settle();
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('Retry-After of the refresh route', () => {
  const limited = (value: string, date?: string) => () =>
    new Response('{}', {
      status: 429,
      headers: { 'Retry-After': value, ...(date && { Date: date }) },
    });
  const utc = (time: number): string => new Date(time).toUTCString();

  it.each([
    ['seconds', () => limited('60')],
    ['a date', (now: number) => limited(utc(now + 60_000))],
    [
      'a date on a clock a year ahead',
      (now: number) => limited(utc(now + 3.2e10), utc(now + 3.2e10 - 60_000)),
    ],
  ])('given as %s stops renewals until then', async (_name, create) => {
    const { api, clock, pass, client } = await signedInWorld();
    api.accepted.clear();
    api.next('/session/refresh', create(clock.now));
    await expect(client.refresh()).rejects.toMatchObject({ status: 429 });
    await pass(58_000);
    for (let i = 0; i < 10; i += 1) {
      expect((await client.fetch(`${BASE}/me`)).status).toBe(429);
      await expect(client.refresh()).rejects.toMatchObject({ status: 429 });
    }
    expect(api.countOf('/session/refresh')).toBe(1);
    await pass(2_000);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('stops the renewals of the other tabs too', async () => {
    const { api, pass, client, open } = await signedInWorld();
    const other = open();
    await settle();
    api.next('/session/refresh', limited('60'));
    await expect(client.refresh()).rejects.toThrow();
    await settle();
    await expect(other.refresh()).rejects.toMatchObject({ status: 429 });
    const late = open();
    await settle();
    await expect(late.refresh()).rejects.toMatchObject({ status: 429 });
    await pass(60_000);
    expect(await other.refresh()).toBe(true);
    expect(api.countOf('/session/refresh')).toBe(2);
  });

  it('stops the renewal of a tab that waits for the lock', async () => {
    const { api, client, open } = await signedInWorld();
    const other = open();
    await settle();
    api.next('/session/refresh', limited('60'));
    const settled = await Promise.allSettled([client.refresh(), other.refresh()]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('of a few seconds is waited for within the renewal', async () => {
    const { api, slept, client } = await signedInWorld();
    api.next('/session/refresh', limited('2'), limited('1'));
    expect(await client.refresh()).toBe(true);
    expect(slept).toEqual([2_000, 1_500]);
  });

  it('does not outlast a clock that is set back', async () => {
    const { api, clock, client } = await signedInWorld();
    api.next('/session/refresh', limited('60'));
    await expect(client.refresh()).rejects.toThrow();
    clock.now -= 3_600_000;
    expect(await client.refresh()).toBe(true);
  });

  it.each(['', 'soon', '-1', '1.5'])('of "%s" has no effect', async (value) => {
    const { api, client } = await signedInWorld();
    const responses = Array(3).fill(limited(value));
    api.next('/session/refresh', ...responses);
    await expect(client.refresh()).rejects.toThrow();
    expect(await client.refresh()).toBe(true);
  });

  it('does not delay requests with a valid token, nor a sign-in', async () => {
    const { api, client } = await signedInWorld();
    api.next('/session/refresh', limited('60'));
    await expect(client.refresh()).rejects.toThrow();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    await client.start(api.issue('grace'));
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });
});

describe('a refusal of the refresh route without Retry-After', () => {
  it('stops renewals for ten seconds', async () => {
    const { api, clock, pass, open } = createWorld();
    const client = open();
    const refuse = () => problem(403, undefined);
    api.next('/session/refresh', refuse, refuse);
    for (let i = 0; i < 10; i += 1) await client.fetch(`${BASE}/public`);
    expect(api.countOf('/session/refresh')).toBe(1);
    await pass(10_000);
    await client.fetch(`${BASE}/public`);
    expect(api.countOf('/session/refresh')).toBe(2);
    expect(clock.now).toBeGreaterThan(0);
  });
});

describe('a refused refresh token', () => {
  const rejected = () => problem(401, 'refresh_token_rejected', 'Bearer error="invalid_token"');

  it('is presented once more before the user is signed out', async () => {
    const { api, slept, client } = await signedInWorld();
    api.next('/session/refresh', rejected);
    const changes: unknown[] = [];
    client.subscribe(({ type }) => changes.push(type));
    expect(await client.refresh()).toBe(true);
    expect(slept).toEqual([1_500]);
    expect(changes).toEqual(['renewed']);
    api.next('/session/refresh', rejected, rejected);
    expect(await client.refresh()).toBe(false);
    expect(changes).toEqual(['renewed', 'signed-out']);
  });

  it('gives way to a re-authentication in another tab that ends in the meantime', async () => {
    const { api, client, open } = await signedInWorld();
    const other = open();
    await client.start(api.issue('ada'));
    await settle();
    const changes: unknown[] = [];
    for (const tab of [client, other]) tab.subscribe(({ type }) => changes.push(type));
    const gate = createGate<Response>();
    api.next('/session/refresh', rejected, () => gate.promise);
    const renewal = client.refresh();
    await settle();
    await other.start({ access_token: `sat_${client.sid}.elevated`, expires_in: 900 });
    await settle();
    gate.open(rejected());
    expect(await renewal).toBe(true);
    await settle();
    expect(changes).toEqual(['renewed', 'renewed']);
  });

  it('that is absent signs the user out without a second request', async () => {
    const { api, client } = await signedInWorld();
    api.hasCookie = false;
    expect(await client.refresh()).toBe(false);
    expect(api.countOf('/session/refresh')).toBe(1);
  });
});
