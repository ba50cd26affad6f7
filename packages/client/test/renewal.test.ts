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
  it('is asked for by the first request of all', async () => {
    const { api, open } = createWorld();
    api.hasCookie = true;
    const client = open();
    expect(client.signedIn).toBeUndefined();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(client.signedIn).toBe(true);
    expect(api.sent.map(({ path }) => path)).toEqual(['/session/refresh', '/me']);
  });

  it('is asked for no more once it is known that nobody is signed in', async () => {
    const { api, open } = createWorld();
    const client = open();
    for (let i = 0; i < 3; i += 1) await client.fetch(`${BASE}/public`);
    expect(client.signedIn).toBe(false);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed shortly before it runs out, before it is used', async () => {
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

  it('is renewed once for all requests that need it', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const all = Array.from({ length: 10 }, () => client.fetch(`${BASE}/me`));
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed once for all requests that the API refused it for', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const all = Array.from({ length: 10 }, () => client.fetch(`${BASE}/me`));
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(api.countOf('/session/refresh')).toBe(1);
    expect(api.countOf('/me')).toBe(20);
  });

  it('is not renewed again for a refusal that comes after the renewal', async () => {
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

  it('is renewed for a refusal that only the body tells of, as other origins show it', async () => {
    const { api, client } = await signedInWorld();
    api.next('/me', () => problem(401, 'invalid_token'));
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('is renewed for a refusal among other challenges', async () => {
    const { api, client } = await signedInWorld();
    const challenge = 'Basic realm="x", Bearer realm="x", error=invalid_token';
    api.next('/me', () => problem(401, undefined, challenge));
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('is used while it lives when it cannot be renewed', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 880_000;
    api.next('/session/refresh', networkFault, networkFault, networkFault);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    const unavailable = () => problem(503, 'store_unavailable');
    api.next('/session/refresh', unavailable, unavailable, unavailable);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.sent.at(-1)?.token).toBe('t1');
  });

  it('is renewed after a sleep of the device, however long', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 3 * 86_400_000;
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it.each([
    ['ahead by ten years', 315_360_000_000],
    ['back by ten years', -315_360_000_000],
    ['back by an hour', -3_600_000],
  ])('takes no harm from a clock that is set %s', async (_what, jump) => {
    const { api, clock, client } = await signedInWorld();
    clock.now += jump;
    for (let i = 0; i < 5; i += 1) expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBeLessThanOrEqual(1);
    api.accepted.clear();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(client.signedIn).toBe(true);
  });
});

describe('nobody is signed out by', () => {
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
  it('is asked for again when its answer is lost', async () => {
    const { api, clock, slept, client } = await signedInWorld();
    clock.now += 900_000;
    api.next('/session/refresh', networkFault, networkFault);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(slept).toEqual([300, 1_500]);
  });

  it('is given up and asked for again when nothing is heard', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const timeout = AbortSignal.timeout;
    const waits: number[] = [];
    AbortSignal.timeout = (milliseconds) => {
      waits.push(milliseconds);
      return timeout(10);
    };
    try {
      api.next('/session/refresh', silence);
      expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
      expect(waits).toEqual([10_000, 10_000]);
    } finally {
      AbortSignal.timeout = timeout;
    }
  });

  it('that fails throws for each request what fetch would', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    api.next('/session/refresh', networkFault, networkFault, networkFault);
    const all = [client.fetch(`${BASE}/me`), client.fetch(`${BASE}/me`)];
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(api.countOf('/me')).toBe(0);
  });

  it('that the server cannot answer gives each request an answer that it can read', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const unavailable = () => problem(503, 'store_unavailable');
    api.next('/session/refresh', unavailable, unavailable, unavailable);
    const all = [client.fetch(`${BASE}/me`), client.fetch(`${BASE}/me`)];
    const bodies = (await Promise.all(all)).map((response) => response.json());
    expect(await Promise.all(bodies)).toEqual(
      Array(2).fill({ status: 503, code: 'store_unavailable' }),
    );
  });

  it('that nobody waits for any more leaves no rejection behind', async () => {
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
