import type { AddressInfo } from 'node:net';
import { dpop } from '@sess/bound';
import { createSessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import { createFakeClock } from '@sess/testkit';
import express from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dpopKey, type KeyStore } from '../src/dpop.js';
import { createClient } from '../src/index.js';

/** A place for a key that tests can look at. */
function createKeyStore(): KeyStore & { pair: CryptoKeyPair | undefined } {
  return {
    pair: undefined,
    async load() {
      return this.pair;
    },
    async save(pair) {
      this.pair ??= pair;
      return this.pair;
    },
  };
}

const ORIGIN = 'https://api.example.com';

/** An API that binds tokens, and what arrived there. */
async function startApi({ isBinding = true } = {}) {
  // Its responses have the date of the machine.
  const clock = createFakeClock(Date.now());
  const sessions = createSessions({ accessTtl: '15m', clock });
  const app = express();
  const seen: string[] = [];
  app.use((req, res, next) => {
    res.on('finish', () => {
      const scheme = req.get('authorization')?.split(' ')[0] ?? '';
      seen.push(`${req.method} ${req.path} ${scheme} ${res.statusCode}`);
    });
    next();
  });
  const bound = isBinding ? { bound: dpop({ origin: ORIGIN }) } : {};
  app.use(sessionMiddleware(sessions, { refreshTransport: 'body', ...bound }));
  app.post('/login', async (req, res) => res.json(await req.sessions.start({ subject: 'ada' })));
  app.get(
    '/me',
    requireSession((req, res) => res.json(req.session)),
  );
  app.post('/notes', requireSession(), express.text({ type: () => true }), (req, res) => {
    res.send(req.body);
  });
  app.use(sessionErrors());
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await sessions.close();
  });
  const { port } = server.address() as AddressInfo;
  const send: typeof fetch = (input, init) => {
    const request = new Request(input, init);
    const url = request.url.replace(ORIGIN, `http://127.0.0.1:${port}`);
    return fetch(new Request(url, request));
  };
  return { clock, sessions, seen, send };
}

function createStorage() {
  let token: string | undefined;
  return {
    get: () => token,
    set(next: string) {
      token = next;
    },
    remove() {
      token = undefined;
    },
  };
}

type Api = Awaited<ReturnType<typeof startApi>>;

/** A client with a key. Without arguments it is that of a new device. */
function openClient(
  api: Api,
  { now = api.clock.now, store = createKeyStore(), storage = createStorage() } = {},
) {
  const proof = dpopKey({ store });
  const environment = { fetch: api.send, now };
  const client = createClient({ baseUrl: ORIGIN, storage, proof, environment });
  onTestFinished(() => client.close());
  return { client, store, storage };
}

async function signIn(api: Api, given: Parameters<typeof openClient>[1] = {}) {
  const opened = openClient(api, given);
  const { client } = opened;
  const response = await client.fetch(`${ORIGIN}/login`, { method: 'POST' });
  await client.start((await response.json()) as never);
  return opened;
}

describe('a client with proof: dpopKey()', () => {
  it('signs in, asks for a resource and refreshes with proofs of a key that cannot be read', async () => {
    const api = await startApi();
    const { client, store } = await signIn(api);
    const me = await client.fetch(`${ORIGIN}/me?page=2`);
    expect(await me.json()).toMatchObject({ binding: { kind: 'dpop' } });
    expect(await client.refresh()).toBe(true);
    expect((await client.fetch(`${ORIGIN}/me`)).status).toBe(200);
    expect(store.pair?.privateKey.extractable).toBe(false);
    expect(api.seen.filter((line) => line.includes('Bearer'))).toEqual([]);
  });

  it('takes the nonce from the sign-in, and repeats a request once when it is asked for a newer one', async () => {
    const api = await startApi();
    const { client } = await signIn(api);
    const form = new URLSearchParams({ a: 'b' });
    await client.fetch(`${ORIGIN}/me`);
    api.clock.advance('10m');
    const note = new Request(`${ORIGIN}/notes`, { method: 'POST', body: form });
    expect(await (await client.fetch(note)).text()).toBe('a=b');
    await client.fetch(`${ORIGIN}/me`);
    expect(api.seen.slice(1)).toEqual([
      'GET /me DPoP 200',
      'POST /notes DPoP 401',
      'POST /notes DPoP 200',
      'GET /me DPoP 200',
    ]);
  });

  it('follows the clock of the server where that of the device is wrong', async () => {
    const api = await startApi();
    const { client } = await signIn(api, { now: () => Date.now() + 600_000 });
    expect((await client.fetch(`${ORIGIN}/me`)).status).toBe(200);
  });

  it('goes on with bearer tokens where the server does not bind', async () => {
    const api = await startApi({ isBinding: false });
    const { client } = await signIn(api);
    expect((await client.fetch(`${ORIGIN}/me`)).status).toBe(200);
    expect(await client.refresh()).toBe(true);
  });

  it('is signed out where the key of its refresh token is lost, and the device that has it goes on', async () => {
    const api = await startApi();
    const { client, storage } = await signIn(api);
    const token = storage.get() ?? '';
    const copied = createStorage();
    copied.set(token);
    const other = openClient(api, { storage: copied });
    expect(await other.client.refresh()).toBe(false);
    expect([other.client.signedIn, copied.get()]).toEqual([false, undefined]);
    expect(await client.refresh()).toBe(true);
  });

  it('sends no proof to other origins', async () => {
    const sent: Headers[] = [];
    const send = dpopKey({ store: createKeyStore() })({
      fetch: async (input, init) => {
        sent.push(new Request(input, init).headers);
        return new Response();
      },
      now: Date.now,
      origins: new Set([ORIGIN]),
    });
    await send('https://other.example/');
    await send(`${ORIGIN}/`);
    expect(sent.map((headers) => headers.has('DPoP'))).toEqual([false, true]);
  });
});
