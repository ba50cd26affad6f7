import { readdirSync } from 'node:fs';
import { createFakeClock } from '@sess/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRequest, type WireAnswer } from '../kit.js';
import { makeEngine, TOKEN_MODES } from '../token-modes.js';
import { host as express } from './express/host.js';
import { host as fastify } from './fastify/host.js';
import { host as hono } from './hono/host.js';
import type { Host, Hosted } from './host.js';

const HOSTS: Readonly<Record<string, Host>> = { express, fastify, hono };
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const PATHS = [
  '/',
  '/public',
  '/me',
  '/me?q=%',
  '/me/',
  '/devices',
  '/ME',
  '/nope',
  '/%',
  '/%ff',
  '/login',
  '/reauth',
  '/transfer',
  '/session',
  '/session/',
  '/Session/list',
  '/%73ession/list',
  '/session/list',
  '/session/list?access_token=x',
  '/session/refresh',
  '/session/logout',
  '/session/logout-others',
  '/session/%',
  '/session/a%2Fb',
  '/session/a/b',
  `/session/${'A'.repeat(32)}`,
  `/session/${'A'.repeat(300)}`,
];
/** Frameworks check these before a handler reads the body. */
const TYPES = ['application/json', 'text/plain', 'nonsense;;', 'application/json; charset=latin1'];

/** Headers of the connection, not of the response. */
const CONNECTION = new Set(['date', 'connection', 'keep-alive']);

interface Running extends Hosted {
  readonly bearer: string;
  readonly cookie: string;
}

/** Returns a response without its random parts. */
function comparable({ status, headers, setCookies, text }: WireAnswer): unknown {
  const drawn = /s[ar]t_[\w.-]+|eyJ[\w.-]+|(?<="sid":")[\w-]+/g;
  const kept = Object.entries(headers).filter(([name]) => !CONNECTION.has(name));
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, value.replace(drawn, '*')])),
    setCookies: setCookies.map((line) => line.replace(drawn, '*')),
    text: text.replace(drawn, '*'),
  };
}

type HeadersOf = (host: Running) => readonly (readonly [string, string])[];

const bearer: HeadersOf = (host) => [['Authorization', host.bearer]];
const cookie: HeadersOf = (host) => [['Cookie', host.cookie]];
const json: HeadersOf = (host) => [...bearer(host), ['Content-Type', 'application/json']];
const CROSS_SITE = ['Sec-Fetch-Site', 'cross-site'] as const;

/** Sends one request to each host, and compares the responses. */
async function expectAllAlike(
  running: readonly Running[],
  method: string,
  path: string,
  headersOf: HeadersOf,
  body?: string,
): Promise<void> {
  const [first, ...others] = await Promise.all(
    running.map(async (host) => {
      const headers = headersOf(host);
      const request = { method, headers, ...(body === undefined ? {} : { body }) };
      return comparable(await sendRequest(host.base + path, request));
    }),
  );
  for (const other of others)
    expect({ method, path, answer: other }).toEqual({ method, path, answer: first });
}

it('compares every framework that the demo has a host for', () => {
  const files = readdirSync('examples/demo/src/hosts').filter((name) => !name.includes('-'));
  expect(Object.keys(HOSTS).map((name) => `${name}.ts`)).toEqual(files);
});

describe.each(TOKEN_MODES)('hosts with %s tokens', (mode) => {
  let running: readonly Running[];
  const expectAlike = (method: string, path: string, headersOf: HeadersOf, body?: string) =>
    expectAllAlike(running, method, path, headersOf, body);

  beforeAll(async () => {
    const clock = createFakeClock();
    running = await Promise.all(
      Object.values(HOSTS).map(async (host): Promise<Running> => {
        const hosted = await host(await makeEngine(mode, { clock }));
        const issued = await hosted.sessions.create({ subject: 'ada' });
        return {
          ...hosted,
          bearer: `Bearer ${issued.accessToken}`,
          cookie: `__Host-sess=${issued.refreshToken}`,
        };
      }),
    );
  });
  afterAll(() => Promise.all(running.map((host) => host.close())));

  it.each(METHODS)('every host returns the same response to %s, path by path', async (method) => {
    for (const path of PATHS) {
      await Promise.all([
        expectAlike(method, path, () => []),
        expectAlike(method, path, () => [['Authorization', 'Bearer nobody']]),
        // Two headers are not accepted as credentials, so no session is ended.
        expectAlike(method, path, ({ bearer: value }) => [
          ['Authorization', value],
          ['Authorization', value],
        ]),
        expectAlike(method, path, ({ cookie: pair }) => [['Cookie', `${pair}; ${pair}`]]),
      ]);
    }
  });

  it.each(['GET', 'HEAD'])(
    'every host gives the same response to a conditional %s',
    async (method) => {
      for (const path of ['/', '/public', '/me', '/devices', '/session', '/session/list']) {
        for (const condition of [
          ['If-None-Match', '*'],
          ['If-Modified-Since', 'Fri, 31 Dec 9999 23:59:59 GMT'],
          ['Range', 'bytes=0-1'],
        ] as const) {
          await expectAlike(method, path, (host) => [...bearer(host), condition]);
        }
      }
    },
  );

  it.each(['POST', 'PATCH', 'PUT', 'DELETE'])(
    'every host gives the same response to %s with bodies of any type',
    async (method) => {
      for (const path of PATHS) {
        await Promise.all(
          TYPES.flatMap((type) => [
            expectAlike(method, path, () => [['Content-Type', type]], '{"user":"grace"}'),
            expectAlike(method, path, () => [['Content-Type', type]], ''),
          ]),
        );
      }
    },
  );

  it('every host returns the same response to headers that are too long, too many or too large', async () => {
    const large = (name: string, start: string, length: number): HeadersOf => {
      return () => [[name, start + 'A'.repeat(length)]];
    };
    const several: HeadersOf = (host) => [
      ...Array.from({ length: 300 }, (_, n) => [`X-${n}`, 'x'.repeat(20)] as const),
      ...bearer(host),
      ...cookie(host),
    ];
    for (const [method, path] of [
      ['GET', '/me'],
      ['GET', '/public'],
      ['POST', '/session/refresh'],
      ['POST', '/session/logout'],
    ] as const) {
      for (const headersOf of [
        ...[4_000, 8_100, 8_193, 15_000, 20_000].flatMap((length) => [
          large('Authorization', 'Bearer ', length),
          large('Authorization', 'bearer', length),
          large('Cookie', '__Host-sess=', length),
          large('User-Agent', '', length),
          large('Origin', 'https://', length),
        ]),
        ...(path.endsWith('logout') ? [] : [several]),
      ]) {
        await expectAlike(method, path, headersOf);
      }
    }
    // Shows that the requests above were refused at all.
    const [first] = running;
    const statusOf = async (headersOf: HeadersOf): Promise<number | undefined> =>
      first && (await sendRequest(`${first.base}/me`, { headers: headersOf(first) })).status;
    expect(await statusOf(large('Authorization', 'Bearer ', 4_000))).toBe(401);
    expect(await statusOf(large('Authorization', 'Bearer ', 9_000))).toBe(400);
    expect(await statusOf(large('Authorization', 'Bearer ', 20_000))).toBe(431);
  });

  it('every host gives the same response to signed-in users', async () => {
    for (const path of PATHS) await expectAlike('GET', path, bearer);
    for (const path of PATHS) await expectAlike('HEAD', path, bearer);
    await expectAlike('PATCH', '/me', json, '{"a":1}');
    await expectAlike('PATCH', '/me', json, '{"n":1e999}');
    await expectAlike('POST', '/transfer', bearer);
    await expectAlike('POST', '/session/refresh', (host) => [...cookie(host), CROSS_SITE]);
    await expectAlike('POST', '/session/refresh', cookie);
    await expectAlike('POST', '/session/logout-others', bearer);
    await expectAlike('POST', '/reauth', bearer);
    await expectAlike('GET', '/me', bearer);
    await expectAlike('POST', '/session/logout', cookie);
  });
});
