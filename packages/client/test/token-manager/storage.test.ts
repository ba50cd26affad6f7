import { describe, expect, it } from 'vitest';
import type { RefreshTokenStorage } from '../../src/index.js';
import { BASE, networkFault, problem } from '../fakes/api.js';
import { createGate, createWorld, settle } from '../fakes/world.js';

function createStorage(content?: string) {
  const storage: RefreshTokenStorage & { content: string | undefined } = {
    content,
    get: async () => storage.content,
    set: async (refreshToken) => {
      storage.content = refreshToken;
    },
    remove: async () => {
      storage.content = undefined;
    },
  };
  return storage;
}

const tokens = (name: string) => ({
  access_token: `access-${name}`,
  expires_in: 900,
  refresh_token: `refresh-${name}`,
});

describe('a client with a storage', () => {
  it('sends the refresh token in the body and stores the next one', async () => {
    const { api, open } = createWorld();
    const storage = createStorage('refresh-1');
    const client = open({ storage });
    api.next('/session/refresh', () => Response.json(tokens('2')));
    expect(await client.refresh()).toBe(true);
    expect(api.sent).toMatchObject([{ body: '{"refresh_token":"refresh-1"}' }]);
    expect(storage.content).toBe('refresh-2');
  });

  it('sends no renewal when the storage is empty', async () => {
    const { api, open } = createWorld();
    expect(await open({ storage: createStorage() }).refresh()).toBe(false);
    expect(api.sent).toEqual([]);
  });

  it('renews with the access token alone where there is no refresh token', async () => {
    const { api, clock, open } = createWorld();
    const client = open({ storage: createStorage() });
    await client.start(api.issue());
    clock.now += 890_000;
    await client.fetch(`${BASE}/me`);
    expect(api.sent).toMatchObject([
      { path: '/session/refresh', token: 't1' },
      { path: '/me', token: 't2' },
    ]);
    expect(client.signedIn).toBe(true);
  });

  it('keeps the previous refresh token and retries when the next one cannot be stored', async () => {
    const { api, open } = createWorld();
    const storage = createStorage('refresh-1');
    const set = storage.set;
    storage.set = () => Promise.reject(new Error('full'));
    const client = open({ storage });
    api.next(
      '/session/refresh',
      () => Response.json(tokens('2')),
      () => Response.json(tokens('2')),
    );
    await expect(client.refresh()).rejects.toThrow('full');
    storage.set = set;
    expect(await client.refresh()).toBe(true);
    expect(api.sent.map(({ body }) => body)).toEqual(
      Array(2).fill('{"refresh_token":"refresh-1"}'),
    );
  });

  it('keeps the session when the storage cannot be read', async () => {
    const { open } = createWorld();
    const storage = createStorage('refresh-1');
    storage.get = () => Promise.reject(new Error('locked'));
    const client = open({ storage });
    await expect(client.refresh()).rejects.toThrow('locked');
    expect(client.signedIn).toBeUndefined();
    expect(storage.content).toBe('refresh-1');
  });

  it('is signed out by logout although the storage fails', async () => {
    const { open } = createWorld();
    const storage = createStorage();
    storage.remove = () => Promise.reject(new Error('locked'));
    const client = open({ storage });
    await client.start(tokens('1'));
    await expect(client.logout()).rejects.toThrow('locked');
    expect(client.signedIn).toBe(false);
  });

  it('stores tokens in the order of events when a write is slow', async () => {
    const { api, clock, open } = createWorld();
    const storage = createStorage();
    const { set } = storage;
    const client = open({ storage });
    await client.start(tokens('ada-1'));
    clock.now += 900_000;
    const gate = createGate<undefined>();
    storage.set = async (token) => {
      if (token === 'refresh-ada-2') await gate.promise;
      await set(token);
    };
    api.next('/session/refresh', () => Response.json(tokens('ada-2')));
    const renewal = client.refresh();
    await settle();
    const signIn = client.start(tokens('grace'));
    await settle();
    gate.open(undefined);
    await Promise.all([renewal, signIn]);
    expect(storage.content).toBe('refresh-grace');
    await client.fetch(`${BASE}/me`);
    expect(api.sent.find(({ path }) => path === '/me')?.token).toBe('access-grace');
  });

  it('stays signed out when a slow write ends after the logout', async () => {
    const { api, clock, open } = createWorld();
    const storage = createStorage();
    const { set } = storage;
    const client = open({ storage });
    await client.start(tokens('1'));
    clock.now += 900_000;
    const gate = createGate<undefined>();
    storage.set = async (token) => {
      await gate.promise;
      await set(token);
    };
    api.next('/session/refresh', () => Response.json(tokens('2')));
    const renewal = client.refresh();
    await settle();
    const logout = client.logout();
    await settle();
    gate.open(undefined);
    await Promise.all([renewal, logout]);
    expect(client.signedIn).toBe(false);
    expect(storage.content).toBeUndefined();
  });

  it('stays signed out when a slow write ends after the logout of another tab', async () => {
    const { api, clock, open } = createWorld();
    const storage = createStorage();
    const [client, other] = [open({ storage }), open()];
    await client.start(tokens('1'));
    await settle();
    clock.now += 900_000;
    const gate = createGate<undefined>();
    storage.set = () => gate.promise;
    api.next('/session/refresh', () => Response.json(tokens('2')));
    const renewal = client.refresh();
    await settle();
    await other.logout();
    await settle();
    gate.open(undefined);
    expect(await renewal).toBe(false);
    await settle();
    expect([client.signedIn, other.signedIn]).toEqual([false, false]);
  });

  it('sends logout with the tokens that it has', async () => {
    const { api, open } = createWorld();
    const storage = createStorage();
    const client = open({ storage });
    await client.start(tokens('1'));
    await client.logout();
    await client.start({ access_token: 'alone', expires_in: 900 });
    await client.logout();
    expect(api.sent.map(({ body, token }) => [body, token])).toEqual([
      ['{"refresh_token":"refresh-1"}', 'access-1'],
      ['{}', 'alone'],
    ]);
  });

  it('sends no logout without any token', async () => {
    const { api, open } = createWorld();
    const client = open({ storage: createStorage() });
    await client.logout();
    expect(client.signedIn).toBe(false);
    expect(api.sent).toEqual([]);
  });

  it('keeps its refresh token after network faults and responses of gateways', async () => {
    const { api, open } = createWorld();
    const storage = createStorage('refresh-1');
    const client = open({ storage });
    api.next('/session/refresh', networkFault, networkFault, networkFault);
    await expect(client.refresh()).rejects.toThrow();
    api.next('/session/refresh', () => problem(401, undefined, 'Basic'));
    await expect(client.refresh()).rejects.toThrow();
    expect(storage.content).toBe('refresh-1');
  });
});
