import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SessionClientError } from '../src/index.js';
import { BASE, networkFault, problem, silence } from './fakes/api.js';
import { createGate, createWorld, settle } from './fakes/world.js';

async function signedInWorld() {
  const world = createWorld();
  const client = world.open();
  await client.start(world.api.issue());
  return { ...world, client };
}

afterEach(() => vi.unstubAllGlobals());

describe('client.fetch', () => {
  it('adds the access token to a request to the API', async () => {
    const { api, client } = await signedInWorld();
    const response = await client.fetch(`${BASE}/me`);
    expect(response.status).toBe(200);
    expect(api.sent).toMatchObject([{ path: '/me', token: 't1' }]);
  });

  it('sends no token to another origin, even after a 401 from there', async () => {
    const { api, client } = await signedInWorld();
    api.next('/me', () => problem(401, 'invalid_token', 'Bearer error="invalid_token"'));
    const urls = [
      'https://api.test.evil.example/me',
      'http://api.test/me',
      'https://api.test:444/',
    ];
    for (const url of urls) await client.fetch(url);
    expect(api.sent.map(({ token }) => token)).toEqual([undefined, undefined, undefined]);
    expect(client.signedIn).toBe(true);
  });

  it('resolves a relative address against the page, as fetch does', async () => {
    vi.stubGlobal('document', { baseURI: 'https://app.test/start' });
    const { api, client } = await signedInWorld();
    await client.fetch('/me');
    expect(api.sent).toMatchObject([{ url: 'https://app.test/me', token: undefined }]);
  });

  it('resolves a relative address against the API where there is no page', async () => {
    const { api, client } = await signedInWorld();
    await client.fetch('/me');
    expect(api.sent).toMatchObject([{ url: `${BASE}/me`, token: 't1' }]);
  });

  it('passes a request with an Authorization header unchanged, and its response too', async () => {
    const { api, client } = await signedInWorld();
    const init = { headers: { authorization: 'Bearer of-another' } };
    expect((await client.fetch(`${BASE}/me`, init)).status).toBe(401);
    expect((await client.fetch(new Request(`${BASE}/me`, init))).status).toBe(401);
    expect(api.sent.map(({ token }) => token)).toEqual(['of-another', 'of-another']);
  });

  it.each([
    ['an object', { 'X-One': '1' }],
    ['a list of pairs', [['X-One', '1']] as [string, string][]],
    ['Headers', new Headers({ 'X-One': '1' })],
  ])('keeps headers given as %s without changing them', async (_what, headers) => {
    const { api, client } = await signedInWorld();
    const init = { headers };
    await client.fetch(`${BASE}/me`, init);
    expect(api.sent[0]?.headers.get('X-One')).toBe('1');
    expect(api.sent[0]?.token).toBe('t1');
    expect(new Headers(init.headers).has('Authorization')).toBe(false);
  });

  it('keeps the method, headers, body and referrer policy of a Request', async () => {
    const seen: Request[] = [];
    const { open } = createWorld();
    const other = open({
      fetch: async (input, init) => {
        seen.push(new Request(input, init));
        return Response.json({});
      },
    });
    await other.start({ access_token: 't1', expires_in: 900 });
    const request = new Request(`${BASE}/me`, {
      method: 'PUT',
      headers: { 'X-One': '1' },
      referrerPolicy: 'no-referrer',
      body: 'text',
    });
    await other.fetch(request);
    const [sent] = seen as [Request];
    expect(sent.referrerPolicy).toBe('no-referrer');
    expect(sent.method).toBe('PUT');
    expect(sent.headers.get('X-One')).toBe('1');
    expect(sent.headers.get('Authorization')).toBe('Bearer t1');
    expect(await sent.text()).toBe('text');
  });

  it('sends the address and headers of the call, though the caller changes them later', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const url = new URL(`${BASE}/me`);
    const headers = new Headers({ 'X-One': '1' });
    const answer = client.fetch(url, { headers });
    url.host = 'evil.example';
    headers.set('X-One', '2');
    await answer;
    expect(api.sent.at(-1)?.url).toBe(`${BASE}/me`);
    expect(api.sent.at(-1)?.headers.get('X-One')).toBe('1');
  });

  it('sends the headers of the call where it has no token to add', async () => {
    const { api, open } = createWorld();
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const headers = new Headers({ 'X-One': '1' });
    const response = open().fetch(`${BASE}/public`, { headers });
    headers.set('X-One', '2');
    gate.open(problem(401, 'refresh_token_missing'));
    await response;
    expect(api.sent.at(-1)?.headers.get('X-One')).toBe('1');
  });

  it('rejects an invalid address, as fetch does', async () => {
    const { client } = await signedInWorld();
    await expect(client.fetch('http://')).rejects.toThrow(TypeError);
  });
});

describe('client.fetch, when the API refuses the token', () => {
  const forms: [string, RequestInit][] = [
    ['a text', { body: 'one=1' }],
    ['parameters', { body: new URLSearchParams({ one: '1' }) }],
    ['a Blob', { body: new Blob(['one=1']) }],
    ['bytes', { body: new TextEncoder().encode('one=1') }],
  ];

  it.each(forms)('repeats a request with %s as its body once', async (_what, init) => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const response = await client.fetch(`${BASE}/me`, { method: 'POST', ...init });
    expect(response.status).toBe(200);
    const sent = api.sent.filter(({ path }) => path === '/me');
    expect(sent.map(({ token, body }) => ({ token, body }))).toEqual([
      { token: 't1', body: 'one=1' },
      { token: 't2', body: 'one=1' },
    ]);
  });

  it('repeats a request with the fields of a form', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const body = new FormData();
    body.set('file', new Blob(['content']), 'name.txt');
    expect((await client.fetch(`${BASE}/me`, { method: 'POST', body })).status).toBe(200);
    expect(api.sent.at(-1)?.body).toContain('filename="name.txt"');
    expect(api.sent.at(-1)?.headers.get('Content-Type')).toContain('boundary=');
  });

  it('repeats a Request without a body', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const request = new Request(`${BASE}/me`);
    // As in Firefox, which has no such member.
    Object.defineProperty(request, 'body', { value: undefined });
    expect((await client.fetch(request)).status).toBe(200);
  });

  it.each([
    ['a stream', () => new Blob(['one']).stream()],
    [
      'read from an iterator',
      async function* () {
        yield new TextEncoder().encode('one');
      },
    ],
  ])('does not repeat a request whose body is %s', async (_what, create) => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const init = { method: 'POST', body: create(), duplex: 'half' } as unknown as RequestInit;
    expect((await client.fetch(`${BASE}/me`, init)).status).toBe(401);
    expect(api.countOf('/me')).toBe(1);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('does not repeat a Request with a body', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const request = new Request(`${BASE}/me`, { method: 'POST', body: 'one' });
    expect((await client.fetch(request)).status).toBe(401);
    expect(api.countOf('/me')).toBe(1);
  });

  it('repeats a request no more than once', async () => {
    const { api, client } = await signedInWorld();
    const refuse = () => problem(401, 'invalid_token', 'Bearer error="invalid_token"');
    api.next('/me', refuse, refuse, refuse);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(401);
    expect(api.countOf('/me')).toBe(2);
    expect(client.signedIn).toBe(true);
  });
});

describe('client.fetch, when the caller aborts', () => {
  it('rejects with AbortError while a renewal is pending', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const gate = createGate<Response>();
    api.next('/session/refresh', () => gate.promise);
    const controller = new AbortController();
    const answer = client.fetch(`${BASE}/me`, { signal: controller.signal });
    answer.catch(() => {});
    await settle();
    controller.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    gate.open(Response.json(api.issue()));
    await settle();
    expect(client.signedIn).toBe(true);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('does not start a renewal for a signal that was aborted before', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const answer = client.fetch(new Request(`${BASE}/me`, { signal: AbortSignal.abort() }));
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(api.countOf('/session/refresh')).toBe(0);
  });

  it('removes its listeners from the signal', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const fetch = async () => Response.json({ access_token: 'token', expires_in: 900 });
    await createWorld().open({ fetch }).fetch(`${BASE}/me`, { signal });
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls).toEqual(add.mock.calls);
  });

  it('continues the renewal for other requests', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const controller = new AbortController();
    api.next('/stuck', silence);
    const given = client.fetch(`${BASE}/stuck`, { signal: controller.signal });
    const kept = client.fetch(`${BASE}/me`);
    controller.abort();
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    expect((await kept).status).toBe(200);
  });
});

describe('client.fetch, when no token can be had', () => {
  const login = { method: 'POST', body: '{"user":"ada"}' };

  it.each([
    ['403', () => problem(403, undefined)],
    ['404', () => new Response('<html>', { status: 404 })],
    ['a 401 of a gateway', () => problem(401, undefined, 'Basic')],
    ['503', () => problem(503, 'store_unavailable')],
    ['a page instead of JSON', () => new Response('<html>')],
    ['a network error', networkFault],
  ])('sends public requests and the sign-in after %s', async (_name, failure) => {
    const { api, open } = createWorld();
    const client = open();
    api.next('/session/refresh', ...Array(9).fill(failure));
    api.next('/public', () => Response.json({}));
    api.next('/login', () => Response.json(api.issue('ada')));
    expect((await client.fetch(`${BASE}/public`)).status).toBe(200);
    const response = await client.fetch(`${BASE}/login`, login);
    await client.start((await response.json()) as never);
    expect(client.sid).toMatch(/^ada/);
  });

  it('sends them after five seconds beside a refresh route that does not respond', async () => {
    const { api, pass, open } = createWorld();
    const client = open();
    api.next('/session/refresh', silence, silence, silence);
    api.next('/public', ...Array(2).fill(() => Response.json({})));
    const first = client.fetch(`${BASE}/public`);
    await settle();
    await pass(4_999);
    expect(api.countOf('/public')).toBe(0);
    await pass(1);
    await first;
    // A second one does not wait for the same renewal again.
    await client.fetch(`${BASE}/public`);
    expect(api.countOf('/public')).toBe(2);
  });

  it('rejects with the network error of the request itself while offline', async () => {
    const { slept, open } = createWorld();
    const offline = new TypeError('Failed to fetch');
    const client = open({ fetch: () => Promise.reject(offline) });
    await expect(client.fetch(`${BASE}/me`)).rejects.toBe(offline);
    // Without the delays of the renewal, which goes on.
    expect(slept).toEqual([300]);
  });

  it('returns the response that a service worker kept', async () => {
    const { open } = createWorld();
    const client = open({
      async fetch(input) {
        if (`${(input as Request).url ?? input}`.includes('/session/')) return networkFault();
        return new Response('kept');
      },
    });
    expect(await (await client.fetch(`${BASE}/articles`)).text()).toBe('kept');
  });

  it('repeats a guarded request when a late renewal brings the first token', async () => {
    const { api, open } = createWorld();
    api.issue('ada');
    api.next('/session/refresh', networkFault);
    const response = await open().fetch(`${BASE}/me`);
    expect(response.status).toBe(200);
    expect(api.sent.map(({ path }) => path)).toEqual([
      '/session/refresh',
      '/me',
      '/session/refresh',
      '/me',
    ]);
  });

  it('returns a wrong password of the sign-in while a renewal is retried', async () => {
    const { api, open } = createWorld();
    api.next('/session/refresh', networkFault);
    api.next('/login', () => problem(401, 'wrong_password'));
    expect((await open().fetch(`${BASE}/login`, login)).status).toBe(401);
    expect(api.countOf('/login')).toBe(1);
  });

  it('returns the 401 of a request when the renewal is refused by a firewall', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    api.next('/session/refresh', () => problem(403, undefined));
    expect((await client.fetch(`${BASE}/me`)).status).toBe(401);
    expect(client.signedIn).toBe(true);
  });

  it('returns the 401 of a request when the body of the failed renewal was read', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const limited = () => new Response('{}', { status: 429, headers: { 'Retry-After': '60' } });
    api.next('/session/refresh', limited);
    const error: SessionClientError = await client.refresh().then(
      () => {
        throw new Error('expected a rejection');
      },
      (reason) => reason,
    );
    await error.response.text();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(401);
  });
});

describe('client.fetch, on a route that refuses every token', () => {
  const refuse = () => problem(401, 'invalid_token', 'Bearer error="invalid_token"');

  it('renews once in a while only', async () => {
    const { api, pass, client } = await signedInWorld();
    api.next('/broken', ...Array(200).fill(refuse));
    for (let second = 0; second < 60; second += 1) {
      expect((await client.fetch(`${BASE}/broken`)).status).toBe(401);
      await pass(1_000);
    }
    // After 0 and 30 seconds, then after 90, 210 and so on.
    expect(api.countOf('/session/refresh')).toBe(2);
    for (let minute = 0; minute < 10; minute += 1) {
      await pass(59_000);
      await client.fetch(`${BASE}/broken`);
    }
    expect(api.countOf('/session/refresh')).toBe(5);
    expect(client.signedIn).toBe(true);
  });

  it('renews once for ten requests', async () => {
    const { api, client } = await signedInWorld();
    api.next('/broken', ...Array(20).fill(refuse));
    const all = Array.from({ length: 10 }, () => client.fetch(`${BASE}/broken`));
    for (const { status } of await Promise.all(all)) expect(status).toBe(401);
    expect(api.countOf('/session/refresh')).toBe(1);
  });

  it('renews for other routes again after the pause', async () => {
    const { api, pass, client } = await signedInWorld();
    api.next('/broken', refuse, refuse);
    await client.fetch(`${BASE}/broken`);
    await pass(30_000);
    api.accepted.clear();
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });
});

describe('client.fetch, with a body that changes after the call', () => {
  const bytes = new TextEncoder();
  const cases: [string, () => { body: BodyInit; change: () => void }][] = [
    [
      'URLSearchParams',
      () => {
        const body = new URLSearchParams({ a: '1' });
        return { body, change: () => body.set('a', '2') };
      },
    ],
    [
      'FormData',
      () => {
        const body = new FormData();
        body.set('a', '1');
        return { body, change: () => body.set('a', '2') };
      },
    ],
    [
      'a typed array',
      () => {
        const body = bytes.encode('xa=1').subarray(1);
        return { body, change: () => body.set(bytes.encode('a=2')) };
      },
    ],
    [
      'a DataView',
      () => {
        const body = new DataView(bytes.encode('a=1').buffer);
        return { body, change: () => body.setUint8(2, 50) };
      },
    ],
    [
      'an ArrayBuffer',
      () => {
        const body = bytes.encode('a=1').buffer;
        return { body, change: () => new Uint8Array(body).set(bytes.encode('a=2')) };
      },
    ],
  ];

  it.each(cases)('sends %s as it was, twice', async (_name, create) => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const { body, change } = create();
    api.next('/me', () => problem(401, 'invalid_token', 'Bearer error="invalid_token"'));
    const response = client.fetch(`${BASE}/me`, { method: 'POST', body });
    change();
    expect((await response).status).toBe(200);
    const sent = api.sent.filter(({ path }) => path === '/me');
    expect(sent).toHaveLength(2);
    for (const { body: text } of sent) {
      expect(text).toMatch(/a=1|1\r\n--/);
      expect(text).not.toMatch(/a=2|2\r\n--/);
    }
  });

  it('sends the body of a Request that the caller reads after the call', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const request = new Request(`${BASE}/me`, { method: 'POST', body: 'text' });
    const response = client.fetch(request);
    expect(request.bodyUsed).toBe(true);
    expect((await response).status).toBe(200);
    expect(api.sent.at(-1)?.body).toBe('text');
  });
});

describe('client.fetch, with several API origins', () => {
  it('adds the token to each of them, and renews for each', async () => {
    const { api, open } = createWorld();
    const client = open({ origins: ['https://files.test/upload', 'http://localhost:3000'] });
    await client.start(api.issue());
    await client.fetch('https://files.test/me');
    await client.fetch('http://localhost:3000/me');
    await client.fetch('https://other.test/me');
    expect(api.sent.map(({ token }) => token)).toEqual(['t1', 't1', undefined]);
    api.accepted.clear();
    expect((await client.fetch('https://files.test/me')).status).toBe(200);
  });
});
