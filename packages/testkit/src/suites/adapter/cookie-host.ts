import type { HttpOptions } from '@sess/core/http';
import type { WireAnswer } from '../http-client.js';
import { cookieHeader, type Header, type Target, type TestHost, useHost } from './host.js';

/** What browsers send with a request for a page. */
export const NAVIGATION: readonly Header[] = [
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Site', 'same-origin'],
];
/** What browsers send with a request of a script. */
export const SCRIPT: readonly Header[] = [
  ['Sec-Fetch-Mode', 'cors'],
  ['Sec-Fetch-Dest', 'empty'],
  ['Sec-Fetch-Site', 'same-origin'],
];
export const CROSS_SITE: Header = ['Sec-Fetch-Site', 'cross-site'];

/** Starts a host where the cookie identifies requests. */
export function useCookieHost(target: Target, protocol: HttpOptions = {}): Promise<TestHost> {
  return useHost(target, { protocol: { transport: 'both', ...protocol } });
}

/** A signed-in browser: its cookie, and requests that carry it. */
export interface SignedIn {
  readonly cookie: string;
  get(path: string, headers?: readonly Header[]): Promise<WireAnswer>;
}

/** Signs in, and returns what a browser without scripts has then. */
export async function signInByCookie(host: TestHost): Promise<SignedIn> {
  const { cookie } = await host.login();
  return {
    cookie,
    get: (path, headers = []) => host.send(path, { headers: [cookieHeader(cookie), ...headers] }),
  };
}
