import { describe, expect, it } from 'vitest';
import type { RefreshTokenStorage, SessionClient } from '../../src/index.js';
import { BASE, problem, silence } from '../fakes/api.js';
import { createGate, createWorld, settle, type World } from '../fakes/world.js';

const CHANGED = { name: 'SessionClientError', code: 'session_changed', status: 0 };
const refused = () => problem(401, 'invalid_token', 'Bearer error="invalid_token"');

/** Two tabs without a channel between them, in the first of which ada is signed in. */
async function signedIn(): Promise<World & { readonly client: SessionClient }> {
  const world = createWorld();
  const client = world.open();
  await client.start(world.api.issue('ada'));
  return { ...world, client };
}

/** Signs grace in by a form, a redirect or another tab without a channel: only the cookie knows. */
function signInByForm({ api }: World): void {
  api.accepted.clear();
  api.issue('grace');
}

/** The ways of a token to a request that is not that of the caller's own sign-in. */
const CHANGES: readonly [string, (world: World & { client: SessionClient }) => Promise<void>][] = [
  ['a sign-in in this tab', ({ api, client }) => client.start(api.issue('grace'))],
  [
    'a logout and a sign-in in this tab',
    async ({ api, client }) => {
      await client.logout({ localOnly: true });
      await client.start(api.issue('grace'));
    },
  ],
  [
    'a sign-in in another tab',
    async ({ api, open }) => {
      await open().start(api.issue('grace'));
      await settle();
    },
  ],
  [
    'a logout and a sign-in in another tab',
    async ({ api, open }) => {
      const other = open();
      await other.logout({ localOnly: true });
      await other.start(api.issue('grace'));
      await settle();
    },
  ],
  ['a second sign-in of the same user', ({ api, client }) => client.start(api.issue('ada'))],
];

describe.each(CHANGES)('after %s', (_name, changeUser) => {
  it('a renewal in flight is aborted, so that its late cookie does not replace the newer one', async () => {
    const world = await signedIn();
    const { api, clock, client } = world;
    clock.now += 900_000;
    const signals: AbortSignal[] = [];
    api.next('/session/refresh', (request) => {
      signals.push(request.signal);
      return silence(request);
    });
    void client.fetch(`${BASE}/notes`).catch(() => {});
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await changeUser(world);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    // The attempt is over, and none follows it.
    await world.pass(1_000);
    expect(api.countOf('/session/refresh')).toBe(1);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('a request that waits for a renewal is not sent', async () => {
    const world = await signedIn();
    const { api, clock, client } = world;
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const waiting = client.fetch(`${BASE}/notes`, { method: 'POST', body: 'of ada' });
    await settle();
    await changeUser(world);
    gate.open(problem(503, 'store_unavailable'));
    await expect(waiting).rejects.toMatchObject(CHANGED);
    expect(api.countOf('/notes')).toBe(0);
  });

  it('a request that was refused is not repeated', async () => {
    const world = await signedIn();
    const { api, client } = world;
    const gate = createGate<Response>();
    api.next('/notes', () => gate.promise);
    const pending = client.fetch(`${BASE}/notes`, { method: 'POST', body: 'of ada' });
    await settle();
    await changeUser(world);
    gate.open(refused());
    expect((await pending).status).toBe(401);
    expect(api.countOf('/notes')).toBe(1);
  });

  it('a token that was asked for is not returned', async () => {
    const world = await signedIn();
    const { api, clock, client } = world;
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const token = client.getToken();
    token.catch(() => {});
    await settle();
    await changeUser(world);
    gate.open(problem(403, undefined));
    await expect(token).rejects.toMatchObject(CHANGED);
  });

  it('a list of sessions that waits for a renewal is not requested', async () => {
    const world = await signedIn();
    const { api, clock, client } = world;
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const calls = [client.sessions.list(), client.sessions.revoke('x'), client.logoutEverywhere()];
    const settled = Promise.allSettled(calls);
    await settle();
    await changeUser(world);
    gate.open(problem(503, 'store_unavailable'));
    for (const { status } of await settled) expect(status).toBe('rejected');
    expect(api.sent.filter(({ path }) => /list|x|all/.test(path))).toEqual([]);
    expect(client.signedIn).toBe(true);
  });
});

describe('after a sign-in that no client saw', () => {
  it('a request whose renewal returns the token of another user is not sent', async () => {
    const world = await signedIn();
    const { api, clock, client } = world;
    clock.now += 900_000;
    signInByForm(world);
    const note = client.fetch(`${BASE}/notes`, { method: 'POST', body: 'of ada' });
    await expect(note).rejects.toMatchObject(CHANGED);
    expect(api.countOf('/notes')).toBe(0);
    expect(client.sid).toMatch(/^grace/);
  });

  it('a refused request is returned with its 401', async () => {
    const world = await signedIn();
    const { api, client } = world;
    signInByForm(world);
    const note = await client.fetch(`${BASE}/notes`, { method: 'POST', body: 'of ada' });
    expect(note.status).toBe(401);
    expect(api.countOf('/notes')).toBe(1);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('a renewal that was requested before does not bring the previous user back', async () => {
    const world = await signedIn();
    const { api, clock, client, open } = world;
    const other = open();
    await settle();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const renewal = client.refresh();
    await settle();
    const late = api.issue('ada');
    await other.start(api.issue('grace'));
    await settle();
    gate.open(Response.json(late));
    await renewal;
    await settle();
    for (const tab of [client, other]) expect(tab.sid).toMatch(/^grace/);
  });

  it('a request of a page that knows no user yet is sent as the user of its renewal', async () => {
    const { api, open } = createWorld();
    api.issue('ada');
    expect((await open().fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.sent.at(-1)?.token).toMatch(/^sat_ada/);
  });

  it('a request of a page that knows no user yet is not sent after a sign-in', async () => {
    const { api, open } = createWorld();
    const client = open();
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const note = client.fetch(`${BASE}/notes`, { method: 'POST', body: 'of a guest' });
    await settle();
    await client.start(api.issue('grace'));
    gate.open(problem(401, 'refresh_token_missing'));
    await expect(note).rejects.toMatchObject(CHANGED);
    expect(api.countOf('/notes')).toBe(0);
  });

  it('a request of a page that knew one user by renewal is not repeated as the next', async () => {
    const world = createWorld();
    const { api, open } = world;
    api.issue('ada');
    const client = open();
    api.next('/notes', () => {
      signInByForm(world);
      return refused();
    });
    const note = await client.fetch(`${BASE}/notes`, { method: 'POST', body: 'of ada' });
    expect(note.status).toBe(401);
    expect(api.countOf('/notes')).toBe(1);
    expect(client.sid).toMatch(/^grace/);
  });
});

describe('a re-authentication', () => {
  it('leaves the requests of the session alone', async () => {
    const { api, clock, client } = await signedIn();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const waiting = client.fetch(`${BASE}/me`);
    await settle();
    const access_token = `sat_${client.sid}.elevated`;
    api.accepted.add(access_token);
    await client.start({ access_token, expires_in: 900 });
    gate.open(problem(401, 'refresh_token_rejected'));
    expect((await waiting).status).toBe(200);
    expect(api.sent.at(-1)?.token).toBe(access_token);
  });
});

describe('a logout', () => {
  it('of one user does not sign out the user who signed in during it', async () => {
    const { api, client } = await signedIn();
    const gate = createGate<Response>();
    api.next('/session/logout', () => gate.promise);
    const logout = client.logout();
    await settle();
    await client.start(api.issue('grace'));
    gate.open(new Response(null, { status: 204 }));
    await logout;
    expect(client.sid).toMatch(/^grace/);
  });

  it('with a storage never sends the refresh token of the next user', async () => {
    const { api, open } = createWorld();
    let content: string | undefined;
    const storage: RefreshTokenStorage = {
      get: async () => content,
      async set(token) {
        content = token;
      },
      async remove() {
        content = undefined;
      },
    };
    const client = open({ storage });
    await client.start({ ...api.issue('ada'), refresh_token: 'refresh-ada' });
    const logout = client.logout();
    const signIn = client.start({ ...api.issue('grace'), refresh_token: 'refresh-grace' });
    await Promise.all([logout, signIn]);
    expect(api.sent.at(-1)).toMatchObject({ body: '{"refresh_token":"refresh-ada"}' });
    expect(content).toBe('refresh-grace');
    expect(client.sid).toMatch(/^grace/);
  });
});
