import { once } from 'node:events';
import { connect } from 'node:net';
import { createSessions } from '@sess/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, type Sending } from './client.js';
import { expectProblem } from './face-suite.js';
import type { Host, Hosted } from './host.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };

function text(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Sending['headers'] = JSON_TYPE,
): Sending {
  return { body, headers };
}

function nested(levels: number): string {
  // The object is the first level.
  return `{"user":"ada","x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
}

function ofBytes(size: number): string {
  const empty = '{"user":"ada","x":""}';
  return empty.replace('""', `"${'x'.repeat(size - empty.length)}"`);
}

/** Sends hostile bodies to the demo, and expects a problem body for each. */
export function hostileSuite(host: Host): void {
  let hosted: Hosted;
  let token: string;
  let client: Client;

  beforeAll(async () => {
    hosted = await host(createSessions());
    client = new Client(hosted.base);
    token = await client.signIn('ada');
    client.jar.clear();
  });
  afterAll(() => hosted.close());

  const bodies: [name: string, status: number, code: string, sending: Sending][] = [
    ['no body', 400, 'invalid_json', {}],
    ['an empty body', 400, 'invalid_json', text('')],
    ['half a body', 400, 'invalid_json', text('{"user":')],
    ['an array', 400, 'invalid_json', text('["user"]')],
    ['null', 400, 'invalid_json', text('null')],
    ['a string', 400, 'invalid_json', text('"ada"')],
    ['bytes that are no UTF-8', 400, 'invalid_json', text(Uint8Array.of(0x22, 0xff, 0x22))],
    ['65 levels', 400, 'too_deep', text(nested(65))],
    ['50,000 levels', 400, 'too_deep', text(nested(50_000))],
    ['a byte over 100 kB', 413, 'body_too_large', text(ofBytes(102_401))],
    ['20 MB', 413, 'body_too_large', text(ofBytes(20_000_000))],
    [
      'a form',
      415,
      'unsupported_media_type',
      text('user=ada', { 'Content-Type': 'application/x-www-form-urlencoded' }),
    ],
    [
      'JSON called text',
      415,
      'unsupported_media_type',
      text('{"user":"ada"}', { 'Content-Type': 'text/plain' }),
    ],
    [
      'JSON in Latin-1',
      415,
      'unsupported_media_type',
      text('{"user":"ada"}', { 'Content-Type': 'application/json; charset=latin1' }),
    ],
    [
      'a packed body',
      415,
      'unsupported_media_type',
      text('{"user":"ada"}', { ...JSON_TYPE, 'Content-Encoding': 'gzip' }),
    ],
  ];

  describe.each([
    ['POST', '/login'],
    ['PATCH', '/me'],
  ])('%s %s refuses', (method, path) => {
    it.each(bodies)('%s: %i %s', async (_name, status, code, sending) => {
      expectProblem(await client.send(method, path, { ...sending, token }), status, code);
    });
  });

  it.each([
    ['none', {}],
    ['an empty one', { user: '' }],
    ['a number', { user: 7 }],
    ['an object', { user: { length: 3 } }],
    ['a lone surrogate', { user: 'ada\ud800' }],
    ['513 characters', { user: 'x'.repeat(513) }],
  ])('refuses a user that is %s', async (_name, json) => {
    expectProblem(await client.send('POST', '/login', { json }), 400, 'invalid_user');
  });

  it('refuses a user in the member __proto__', async () => {
    const answer = await client.send('POST', '/login', text('{"__proto__":{"user":"ada"}}'));
    expectProblem(answer, 400, 'invalid_user');
  });

  it('refuses a device that is not a string', async () => {
    const answer = await client.send('POST', '/login', { json: { user: 'ada', device: { a: 1 } } });
    expectProblem(answer, 400, 'invalid_device');
  });

  it.each([
    ['64 levels', text(nested(64))],
    ['100 kB', text(ofBytes(102_400))],
    ['a byte order mark', text('\ufeff{"user":"ada"}')],
    ['a charset', text('{"user":"ada"}', { 'Content-Type': 'Application/JSON; Charset="UTF-8"' })],
    ['a user of 512 characters', { json: { user: 'x'.repeat(512) } }],
    ['a user of any characters', { json: { user: '\0\r\n{}*:<script>\u202e' } }],
  ])('accepts %s', async (_name, sending: Sending) => {
    expect((await new Client(hosted.base).send('POST', '/login', sending)).status).toBe(200);
  });

  it('ignores __proto__ in session data', async () => {
    const body = '{"__proto__":{"admin":true},"a":{"__proto__":{"admin":true}},"b":1}';
    const answer = await client.send('PATCH', '/me', { ...text(body), token });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"data":{"a":{},"b":1}');
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it.each([
    [
      'data that adds up to too much',
      413,
      'data_too_large',
      [{ a: 'x'.repeat(5_000) }, { b: 'x'.repeat(5_000) }],
    ],
  ])('refuses %s', async (_name, status, code, patches) => {
    const own = new Client(hosted.base);
    const ownToken = await own.signIn('grace');
    const [first, second] = patches;
    expect((await own.send('PATCH', '/me', { token: ownToken, json: first })).status).toBe(200);
    expectProblem(await own.send('PATCH', '/me', { token: ownToken, json: second }), status, code);
  });

  it('refuses a JSON number that is infinite in JavaScript', async () => {
    expectProblem(
      await client.send('PATCH', '/me', { ...text('{"n":1e999}'), token }),
      400,
      'invalid_data',
    );
  });

  it('keeps serving after a body that ends early', async () => {
    const socket = connect(Number(new URL(hosted.base).port), 'localhost');
    await once(socket, 'connect');
    socket.write(
      'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"user"',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect((await client.send('GET', '/public')).status).toBe(200);
  });
}
