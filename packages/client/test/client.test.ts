import { describe, expect, it } from 'vitest';
import { createClient, SessionClientError } from '../src/index.js';
import { BASE, networkFault, problem } from './fakes/api.js';
import { createWorld, settle } from './fakes/world.js';

async function signedInWorld() {
  const world = createWorld();
  const client = world.open();
  await client.start(world.api.issue());
  return { ...world, client };
}

describe('client.logout', () => {
  it('ends the session at the server and forgets the token', async () => {
    const { api, client } = await signedInWorld();
    await client.logout();
    expect(api.sent).toMatchObject([{ path: '/session/logout', method: 'POST', token: 't1' }]);
    expect(client.signedIn).toBe(false);
    expect(client.tokenLife).toBe(0);
  });

  it('throws when the server cannot, and nobody is signed out', async () => {
    const { api, client } = await signedInWorld();
    api.next('/session/logout', () => problem(503, 'store_unavailable'), networkFault);
    await expect(client.logout()).rejects.toMatchObject({
      name: 'SessionClientError',
      status: 503,
      code: 'store_unavailable',
    });
    await expect(client.logout()).rejects.toThrow(TypeError);
    expect(client.signedIn).toBe(true);
  });

  it('ends all sessions, and says how many', async () => {
    const { client } = await signedInWorld();
    expect(await client.logoutEverywhere()).toBe(3);
    expect(client.signedIn).toBe(false);
  });
});

describe('client.start', () => {
  it('refuses what is no answer of a sign-in', async () => {
    const { open } = createWorld();
    const client = open();
    const refused = { status: 401, code: 'wrong_password' } as never;
    await expect(client.start(refused)).rejects.toThrow(/access_token/);
    expect(client.signedIn).not.toBe(true);
  });
});

describe('client.sessions', () => {
  it('lists them, and ends one or all others', async () => {
    const { api, client } = await signedInWorld();
    api.next('/session/list', () => Response.json({ sessions: [{ sid: 'a/b', current: true }] }));
    expect(await client.sessions.list()).toEqual([{ sid: 'a/b', current: true }]);
    api.next('/session/a%2Fb', () => new Response(null, { status: 204 }));
    expect(await client.sessions.revoke('a/b')).toBe(true);
    api.next('/session/gone', () => problem(404, 'not_found'));
    expect(await client.sessions.revoke('gone')).toBe(false);
    api.next('/session/logout-others', () => Response.json({ revoked: 2 }));
    expect(await client.sessions.revokeOthers()).toBe(2);
    expect(api.sent.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'DELETE', 'POST']);
  });

  it('throws what the server said', async () => {
    const { open } = createWorld();
    await expect(open().sessions.list()).rejects.toBeInstanceOf(SessionClientError);
  });
});

describe('client.subscribe', () => {
  it('tells of every change, and stops when it is told to', async () => {
    const { api, open } = createWorld();
    const client = open();
    const seen: unknown[] = [];
    const listener = (): void => void seen.push(client.signedIn);
    const stop = client.subscribe(listener);
    client.subscribe(listener)();
    await client.start(api.issue());
    await client.logout();
    stop();
    await client.start(api.issue());
    expect(seen).toEqual([true, false]);
  });

  it('goes on when a listener throws', async () => {
    const { api, open } = createWorld();
    const client = open();
    const failures: unknown[] = [];
    const note = (reason: unknown): void => void failures.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    try {
      let calls = 0;
      client.subscribe(() => {
        throw new Error('of the listener');
      });
      client.subscribe(() => void calls++);
      await client.start(api.issue());
      await settle();
      expect(calls).toBe(1);
      expect(client.signedIn).toBe(true);
      expect(failures).toMatchObject([{ message: 'of the listener' }]);
    } finally {
      process.off('unhandledRejection', note);
      for (const other of others) process.on('unhandledRejection', other);
    }
  });
});

describe('createClient', () => {
  it('calls a fetch that is given to it as browsers want theirs called, by itself', async () => {
    const { api, open } = createWorld();
    const callers: unknown[] = [];
    const client = open({
      fetch(this: unknown, ...given) {
        callers.push(this);
        return api.fetch(...given);
      },
    });
    await client.refresh();
    await client.start(api.issue());
    await client.fetch(`${BASE}/me`);
    await client.logout();
    expect(callers).toEqual([undefined, undefined, undefined]);
  });

  it('finds the session routes below a path, and the API in all of its origin', async () => {
    const { api, open } = createWorld();
    const client = open({ baseUrl: `${BASE}/v1/` });
    api.next('/v1/session/refresh', () => Response.json(api.issue()));
    await client.fetch(`${BASE}/me`);
    expect(api.sent.map(({ path, token }) => [path, token])).toEqual([
      ['/v1/session/refresh', undefined],
      ['/me', 't1'],
    ]);
  });

  it.each([[undefined], ['/api'], ['api.example.com'], ['file:///api'], ['capacitor://localhost']])(
    'refuses %s for an address where there is no page',
    (baseUrl) => {
      const options = baseUrl === undefined ? {} : { baseUrl };
      expect(() => createClient(options)).toThrow(/baseUrl.*https:\/\/api\.example\.com/);
    },
  );
});
