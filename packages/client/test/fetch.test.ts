import { afterEach, describe, expect, it, vi } from 'vitest';
import { BASE, problem, silence } from './fakes/api.js';
import { createGate, createWorld, settle } from './fakes/world.js';

async function signedInWorld() {
  const world = createWorld();
  const client = world.open();
  await client.start(world.api.issue());
  return { ...world, client };
}

afterEach(() => vi.unstubAllGlobals());

describe('client.fetch', () => {
  it('sends the access token to the API', async () => {
    const { api, client } = await signedInWorld();
    const response = await client.fetch(`${BASE}/me`);
    expect(response.status).toBe(200);
    expect(api.sent).toMatchObject([{ path: '/me', token: 't1' }]);
  });

  it('sends nothing of it to another origin, whatever that answers', async () => {
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

  it('takes an address without an origin for the page, as fetch does', async () => {
    vi.stubGlobal('document', { baseURI: 'https://app.test/start' });
    const { api, client } = await signedInWorld();
    await client.fetch('/me');
    expect(api.sent).toMatchObject([{ url: 'https://app.test/me', token: undefined }]);
  });

  it('takes an address without an origin for the API where there is no page', async () => {
    const { api, client } = await signedInWorld();
    await client.fetch('/me');
    expect(api.sent).toMatchObject([{ url: `${BASE}/me`, token: 't1' }]);
  });

  it('leaves an Authorization header of the caller alone, and the answer to it too', async () => {
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
  ])('keeps headers that are %s, and changes nothing of the caller', async (_what, headers) => {
    const { api, client } = await signedInWorld();
    const init = { headers };
    await client.fetch(`${BASE}/me`, init);
    expect(api.sent[0]?.headers.get('X-One')).toBe('1');
    expect(api.sent[0]?.token).toBe('t1');
    expect(new Headers(init.headers).has('Authorization')).toBe(false);
  });

  it('keeps what a Request says of itself', async () => {
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

  it('asks what it was asked, though the caller changes the arguments meanwhile', async () => {
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

  it('rejects what is no address, as fetch does', async () => {
    const { client } = await signedInWorld();
    await expect(client.fetch('http://')).rejects.toThrow(TypeError);
  });
});

describe('a request that the API does not accept the token of', () => {
  const forms: [string, RequestInit][] = [
    ['a text', { body: 'one=1' }],
    ['parameters', { body: new URLSearchParams({ one: '1' }) }],
    ['a Blob', { body: new Blob(['one=1']) }],
    ['bytes', { body: new TextEncoder().encode('one=1') }],
  ];

  it.each(forms)('is repeated once, with %s for a body', async (_what, init) => {
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

  it('is repeated with the fields of a form', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const body = new FormData();
    body.set('file', new Blob(['content']), 'name.txt');
    expect((await client.fetch(`${BASE}/me`, { method: 'POST', body })).status).toBe(200);
    expect(api.sent.at(-1)?.body).toContain('filename="name.txt"');
    expect(api.sent.at(-1)?.headers.get('Content-Type')).toContain('boundary=');
  });

  it('is repeated when it is a Request without a body', async () => {
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
  ])('is not repeated when its body is %s', async (_what, create) => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const init = { method: 'POST', body: create(), duplex: 'half' } as unknown as RequestInit;
    expect((await client.fetch(`${BASE}/me`, init)).status).toBe(401);
    expect(api.countOf('/me')).toBe(1);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(200);
  });

  it('is not repeated when it is a Request with a body', async () => {
    const { api, client } = await signedInWorld();
    api.accepted.clear();
    const request = new Request(`${BASE}/me`, { method: 'POST', body: 'one' });
    expect((await client.fetch(request)).status).toBe(401);
    expect(api.countOf('/me')).toBe(1);
  });

  it('is repeated no more than once', async () => {
    const { api, client } = await signedInWorld();
    const refuse = () => problem(401, 'invalid_token', 'Bearer error="invalid_token"');
    api.next('/me', refuse, refuse, refuse);
    expect((await client.fetch(`${BASE}/me`)).status).toBe(401);
    expect(api.countOf('/me')).toBe(2);
    expect(client.signedIn).toBe(true);
  });
});

describe('a request whose caller gives up', () => {
  it('ends at once, though a renewal is under way', async () => {
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

  it('does not begin a renewal when it had given up before', async () => {
    const { api, clock, client } = await signedInWorld();
    clock.now += 900_000;
    const answer = client.fetch(new Request(`${BASE}/me`, { signal: AbortSignal.abort() }));
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(api.countOf('/session/refresh')).toBe(0);
  });

  it('leaves nothing on a signal that lives on', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const fetch = async () => Response.json({ access_token: 'token', expires_in: 900 });
    await createWorld().open({ fetch }).fetch(`${BASE}/me`, { signal });
    expect(add).toHaveBeenCalledTimes(1);
    expect(remove.mock.calls).toEqual(add.mock.calls);
  });

  it('does not end the renewal for others that wait for it', async () => {
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
