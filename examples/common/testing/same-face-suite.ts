import { sendRequest, type WireRequest } from '@sess/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Host, Hosted } from './host.js';

interface Holder {
  readonly token: string;
  readonly cookie: string;
}

type Sent = [method: string, path: string, request: (holder: Holder) => WireRequest];
type Lines = readonly (readonly [string, string])[];

const nothing = (): WireRequest => ({});
const bearer = ({ token }: Holder): WireRequest => ({
  headers: [['Authorization', `Bearer ${token}`]],
});
const cookie = (holder: Holder): WireRequest => ({ headers: [['Cookie', holder.cookie]] });
const lines =
  (...headers: Lines) =>
  (): WireRequest => ({ headers });
const patch =
  (body: string | object) =>
  (holder: Holder): WireRequest => ({
    ...bearer(holder),
    body,
  });

/** In this order on one session: what one answer changes, the next ones see. */
const REQUESTS: readonly Sent[] = [
  ['GET', '/', nothing],
  ['HEAD', '/', nothing],
  ['GET', '/public', nothing],
  ['HEAD', '/public', bearer],
  ['GET', '/public?a=/b', bearer],
  ['GET', '/me', nothing],
  ['GET', '/me', bearer],
  ['HEAD', '/me', bearer],
  ['HEAD', '/me', nothing],
  ['GET', '/me', lines(['Authorization', 'Bearer a'], ['Authorization', 'Bearer b'])],
  ['GET', '/me', lines(['Authorization', 'Basic x'], ['Authorization', 'Bearer b'])],
  ['GET', '/me', lines(['Authorization', 'Bearer b'], ['Authorization', ''])],
  ['GET', '/me', lines(['Authorization', 'Digest a="b", c=d'])],
  ['GET', '/me', lines(['Authorization', 'Bearer a, b'])],
  ['GET', '/me', lines(['Authorization', ',Bearer a'])],
  ['GET', '/me', lines(['Authorization', ''])],
  ['GET', '/me?access_token=x', bearer],
  ['PATCH', '/me', patch({ a: 1 })],
  ['PATCH', '/me', patch('{"a":')],
  ['PATCH', '/me', patch(['x'])],
  ['POST', '/transfer', bearer],
  ['POST', '/transfer', nothing],
  ['POST', '/login', nothing],
  ['POST', '/login', () => ({ body: { user: '' } })],
  [
    'POST',
    '/login',
    () => ({ body: { user: 'ada' }, headers: [['Origin', 'https://evil.example']] }),
  ],
  ['GET', '/session', bearer],
  ['HEAD', '/session', bearer],
  ['GET', '/session/list', bearer],
  ['HEAD', '/session/list', nothing],
  ['DELETE', `/session/${'A'.repeat(32)}`, bearer],
  ['DELETE', '/session/%00', bearer],
  ['PUT', '/session', nothing],
  ['DELETE', '/session/refresh', cookie],
  ['HEAD', '/session/refresh', cookie],
  ['OPTIONS', '/session/logout', nothing],
  ['POST', '/session/refresh', nothing],
  ['POST', '/session/refresh', lines(['Sec-Fetch-Site', 'cross-site'])],
  ['POST', '/session/refresh', lines(['Cookie', '__Host-sess=a; __Host-sess=b'])],
  ['POST', '/session/refresh', lines(['Cookie', '__Host-sess=a'], ['Cookie', '__Host-sess=b'])],
  ['POST', '/session/refresh', lines(['Cookie', '__Host-sess=a, __Host-sess=b'])],
  ['POST', '/session/refresh', (holder) => ({ ...cookie(holder), body: 'any' })],
  ['POST', '/session/logout-others', bearer],
  ['GET', '/session/', bearer],
  ['GET', '/sessio%6e', bearer],
  ['GET', '/%6de', bearer],
  ['GET', '/ME', bearer],
  ['GET', '/me/', bearer],
  ['GET', '//me', bearer],
  ['GET', '/%', nothing],
  ['HEAD', '/nope', nothing],
  ['HEAD', '/login', nothing],
  ['OPTIONS', '/me', nothing],
  ['TRACE', '/me', nothing],
  ['PROPFIND', '/me', nothing],
  ['POST', '/reauth', bearer],
  ['GET', '/me', bearer],
  ['POST', '/session/logout', cookie],
  ['POST', '/session/logout', nothing],
];

/** Sends two examples the same requests, and holds them to the same answers, byte for byte. */
export function sameFaceSuite(one: Host, other: Host): void {
  const now = Date.now();
  const hosts: Hosted[] = [];
  const holders: Holder[] = [];

  beforeAll(async () => {
    for (const host of [one, other]) {
      const hosted = await host({ clock: { now: () => now } });
      const body = { user: 'ada', device: 'laptop' };
      const login = await sendRequest(`${hosted.base}/login`, { method: 'POST', body });
      const { access_token: token } = JSON.parse(login.text) as { access_token: string };
      hosts.push(hosted);
      holders.push({ token, cookie: login.setCookies[0]?.split(';')[0] ?? '' });
    }
  });
  afterAll(() => Promise.all(hosts.map((hosted) => hosted.close())));

  it.each(REQUESTS)('%s %s (%#)', async (method, path, request) => {
    const answers = [];
    for (const [index, { base }] of hosts.entries()) {
      const holder = holders[index] as Holder;
      const { headers, status, text } = await sendRequest(base + path, {
        method,
        ...request(holder),
      });
      const { date: _now, ...rest } = headers;
      answers.push(JSON.parse(masked(JSON.stringify({ status, headers: rest, text }))));
    }
    expect(answers[1]).toEqual(answers[0]);
  });
}

/** Without what is random by right. */
function masked(text: string): string {
  return text.replace(/s[ar]t_[\w.-]+/g, '(token)').replace(/(sid\\?":\\?")[\w-]{32}/g, '$1(sid)');
}
