import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient, type SessionClient, SessionClientError } from '../src/index.js';
import { BASE, networkFault, problem, sidOf } from './fakes/api.js';
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

  it('rejects when the server cannot end the session, and keeps the user signed in', async () => {
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

  it('forgets the session without a request when it is local only', async () => {
    const { api, client } = await signedInWorld();
    await client.logout({ localOnly: true });
    expect(client.signedIn).toBe(false);
    expect(await client.getToken()).toBeUndefined();
    expect(api.sent).toEqual([]);
  });

  it('logoutEverywhere ends all sessions and returns their number', async () => {
    const { client } = await signedInWorld();
    expect(await client.logoutEverywhere()).toBe(3);
    expect(client.signedIn).toBe(false);
  });
});

describe('client.start', () => {
  it('throws for the response of a refused sign-in', async () => {
    const { open } = createWorld();
    const client = open();
    const refused = { status: 401, code: 'wrong_password' } as never;
    await expect(client.start(refused)).rejects.toThrow(/access_token/);
    expect(client.signedIn).not.toBe(true);
  });
});

describe('client.sessions', () => {
  it('lists the sessions and ends one or all others', async () => {
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

  it('rejects with the response of the server', async () => {
    const { open } = createWorld();
    await expect(open().sessions.list()).rejects.toBeInstanceOf(SessionClientError);
  });
});

describe('client.subscribe', () => {
  it('calls back after every change until it is stopped', async () => {
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

  it('calls the other listeners when one throws', async () => {
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

describe('the time limit of ten seconds', () => {
  const halfway = (request: Request) =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"sess'));
          request.signal.addEventListener('abort', () => controller.error(request.signal.reason));
        },
      }),
    );
  const calls: [string, (client: SessionClient) => Promise<unknown>, string][] = [
    ['logout', (client) => client.logout(), '/session/logout'],
    ['logoutEverywhere', (client) => client.logoutEverywhere(), '/session/logout-all'],
    ['sessions.list', (client) => client.sessions.list(), '/session/list'],
    ['sessions.revoke', (client) => client.sessions.revoke('x'), '/session/x'],
    ['sessions.revokeOthers', (client) => client.sessions.revokeOthers(), '/session/logout-others'],
  ];

  it.each(calls)('ends %s on a server that does not respond', async (_name, call, path) => {
    const { api, pass, client } = await signedInWorld();
    // Some platforms ignore the signal.
    api.next(path, () => new Promise(() => {}));
    const settled = Promise.allSettled([call(client)]);
    await settle();
    await pass(10_000);
    expect(await settled).toMatchObject([{ status: 'rejected', reason: { code: 'timeout' } }]);
    expect(client.signedIn).toBe(true);
  });

  it('ends a list whose body stops half-way', async () => {
    const { api, pass, client } = await signedInWorld();
    api.next('/session/list', halfway);
    const settled = Promise.allSettled([client.sessions.list()]);
    await settle();
    await pass(10_000);
    expect(await settled).toMatchObject([{ status: 'rejected', reason: { code: 'timeout' } }]);
  });

  it('retries a renewal whose body stops half-way', async () => {
    const { api, pass, client } = await signedInWorld();
    api.next('/session/refresh', halfway);
    const renewal = client.refresh();
    await settle();
    await pass(10_000);
    expect(await renewal).toBe(true);
  });
});

describe('a promise that the caller drops', () => {
  it.each<[string, (client: SessionClient) => Promise<unknown>]>([
    ['refresh', (client) => client.refresh()],
    ['logout', (client) => client.logout()],
    ['logoutEverywhere', (client) => client.logoutEverywhere()],
    ['sessions.revoke', (client) => client.sessions.revoke('x')],
    ['sessions.revokeOthers', (client) => client.sessions.revokeOthers()],
  ])(
    'of %s leaves no unhandled rejection, and one that is awaited rejects',
    async (_name, call) => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      try {
        const client = createWorld().open({ fetch: networkFault });
        void call(client);
        await settle();
        await settle();
        expect(unhandled).toEqual([]);
        await expect(call(client)).rejects.toThrow('fetch failed');
      } finally {
        process.off('unhandledRejection', note);
      }
    },
  );
});

describe('credentials', () => {
  it('are included where the refresh token is in a cookie, and not with a storage', async () => {
    for (const [storage, expected] of [
      [undefined, 'include'],
      [{ get: () => 'refresh', set: () => {}, remove: () => {} }, 'same-origin'],
    ] as const) {
      const { api, open } = createWorld();
      const seen: string[] = [];
      const client = open({
        ...(storage && { storage }),
        fetch(input, init) {
          seen.push(new Request(input, init).credentials);
          return api.fetch(input, init);
        },
      });
      await client.start(api.issue());
      api.next('/session/list', () => Response.json({ sessions: [] }));
      await client.refresh();
      await client.sessions.list();
      await client.logout();
      expect(seen).toEqual([expected, expected, expected]);
    }
  });
});

describe('a client in a server process', () => {
  afterEach(() => vi.unstubAllGlobals());

  async function open(): Promise<SessionClient> {
    vi.stubGlobal('fetch', networkFault);
    const client = createClient({ baseUrl: BASE });
    await client.start({ access_token: `sat_${sidOf('ada', 1)}.x`, expires_in: 900 });
    return client;
  }

  it('refuses a second user, whose page would show the session of the first', async () => {
    const client = await open();
    const grace = { access_token: `sat_${sidOf('grace', 2)}.x`, expires_in: 900 };
    await expect(client.start(grace)).rejects.toThrow(/one client per request/);
    expect(client.sid).toBe(sidOf('ada', 1));
  });

  it('refuses a second user with a JWT, by its subject', async () => {
    vi.stubGlobal('fetch', networkFault);
    const client = createClient({ baseUrl: BASE });
    const jwtOf = (sub: string) => {
      const claims = Buffer.from(JSON.stringify({ sid: 'same', sub })).toString('base64url');
      return { access_token: `eyJh.${claims}.x`, expires_in: 900 };
    };
    await client.start(jwtOf('ada'));
    await client.start(jwtOf('ada'));
    await expect(client.start(jwtOf('grace'))).rejects.toThrow(/one client per request/);
  });

  it('takes a second session of the same user, and another user after a logout', async () => {
    const client = await open();
    await client.start({ access_token: `sat_${sidOf('ada', 2)}.x`, expires_in: 900 });
    await client.logout({ localOnly: true });
    await client.start({ access_token: `sat_${sidOf('grace', 3)}.x`, expires_in: 900 });
    expect(client.sid).toBe(sidOf('grace', 3));
  });
});

describe('createClient', () => {
  it('calls a given fetch without a receiver, as browsers require', async () => {
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

  it('uses session routes below the path of baseUrl, and sends the token to its whole origin', async () => {
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
    'throws for the baseUrl %s where there is no page',
    (baseUrl) => {
      const options = baseUrl === undefined ? {} : { baseUrl };
      expect(() => createClient(options)).toThrow(/baseUrl.*https:\/\/api\.example\.com/);
    },
  );

  it.each<[string, object]>([
    ['baseURL', { baseURL: BASE }],
    ['fetch', { baseUrl: BASE, fetch }],
    ['sleep', { baseUrl: BASE, environment: { sleep: () => {} } }],
  ])('throws for the unknown option %s', (name, options) => {
    expect(() => createClient(options)).toThrow(`got ${name}`);
  });

  it('throws for an origin that is not an address', () => {
    expect(() => createClient({ baseUrl: BASE, origins: ['files.example.com'] })).toThrow(
      /origins/,
    );
  });
});
