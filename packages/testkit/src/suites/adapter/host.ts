import { memoryStore, type Sessions } from '@sess/core';
import type { BoundSessions, HttpOptions } from '@sess/core/http';
import type { Denylist } from '@sess/core/store';
import { onTestFinished } from 'vitest';
import { createFakeClock, type FakeClock } from '../../clock.js';
import {
  createFaultyDenylist,
  createFaultyStore,
  type FaultyDenylist,
  type FaultyStore,
} from '../../faults.js';
import { silentLogger } from '../../loggers.js';
import { sendRequest, type WireAnswer, type WireRequest } from '../http-client.js';
import type { EngineOptions, EngineSetup, MakeEngine, TokenMode } from './engines.js';

/**
 * What a host application is made of. Besides the adapter's own it has these routes; bodies are JSON:
 *
 * - `POST /login` `{"user", "keep"?}`: `start({ subject: user, keep })`, responds with its outcome
 * - `POST /logout-here`: `end()`, 204
 * - `GET /public`: `{"user": subject or null}`, with the request's `Host` as header `X-Own-Host`; sets `Cache-Control` to
 *   the query's `caching`, if there is one, and `CDN-Cache-Control` to `max-age=60`
 * - `GET /file`: `file`, with `Cache-Control: public, max-age=60` and `CDN-Cache-Control: max-age=60`, and does not read the session
 * - `GET /tag`: guarded; `page` with `ETag: "1"`, or 304 for `If-None-Match: "1"`; `GET /feed`: guarded; streams `one`, `two`
 *   in two writes; `GET /me`: guarded, the session
 * - `PATCH /me`: guarded, `update(body)`, responds with the session; `POST /reauth`: guarded, `elevate()`
 * - `POST /transfer`: guarded with `authenticatedWithin: '5m'`, 200
 * - `GET /admin`: guarded with `where: (session) => session.subject === 'admin'`, 200
 * - `GET /bound`: guarded with `bound: true`, 200
 * - `POST /form`: guarded; bodies of type `application/x-www-form-urlencoded` are parsed before the guard; 200
 * - `POST /login/json`, `/login/stream`, `/login/redirect`, `/login/throw`: each sets a cookie `app=1`, signs
 *   in `body.user`, sets a cookie `late=1`, and then responds with JSON, streams `one`, `two` in two writes, redirects
 *   (302) to `/public`, or throws
 * - `POST /login/public`, `/login/head`, `/login/list`: the same, and then sets `X-Kind` to the last segment and
 *   `Cache-Control` and `CDN-Cache-Control` to `public`: as headers, or where Node's response can be reached as an object and
 *   as a list of pairs for `writeHead`; responds `ok`
 * - `POST /login/provider`: the same as `/login/json`, with `origins: ['https://id.example']` for `start`
 * - `GET` and `POST /session/own`: `{"own":true}`
 * - `POST /tamper`: guarded; copies the body into the session object, ignores what that throws, and responds with `elevate()`
 * - `GET /page`: guarded with `redirectTo: '/sign-in'`; sets `Cache-Control` to `public, max-age=60` for `?caching=public`, to
 *   `private, max-age=60` for `?caching=private`, and responds with text
 * - `GET /guest`: `{"data": guest.data}`; `PATCH /guest`: `guest.update(body)`, responds with the same
 * - `POST /put` `{"name", "value"}`: `put(name, value)`, 204; `POST /take` `{"name"}`: `{"value": take(name) or null}`
 * - `POST /race`: guarded; waits for `host.gate()` and then calls `update(body)`
 *
 * Errors go through the error handling of the adapter; others get 500.
 */
export interface HostSetup {
  readonly sessions: Sessions;
  readonly options: HttpOptions;
  /** What `POST /race` waits for between its guard and its write. */
  readonly gate: () => Promise<void>;
}

export interface RunningHost {
  /** For instance `http://127.0.0.1:40123`, without a path. */
  readonly url: string;
  close(): Promise<void>;
}

export type StartHost = (setup: HostSetup) => Promise<RunningHost>;

/** An adapter under test, with one kind of engine behind it. */
export interface Target {
  readonly startHost: StartHost;
  readonly mode: TokenMode;
  readonly makeEngine: MakeEngine;
  /** Absent if no engine of the suite uses one. */
  readonly createDenylist: (() => Denylist) | undefined;
  /** Absent: no session is bound. */
  readonly bound: BoundSessions | undefined;
  /** For the origin `https://api.example.com`. Absent: no token is bound. */
  readonly dpop: BoundSessions | undefined;
}

/** A running host with everything a test wants to look at. */
export interface TestHost {
  readonly sessions: Sessions;
  readonly clock: FakeClock;
  readonly store: FaultyStore;
  readonly denylist: FaultyDenylist;
  /** How often store and denylist were called, by operation. */
  calls(): Readonly<Record<string, number>>;
  /** How often either was asked about a token. */
  lookups(): number;
  /** Has everything behind the engine fail. */
  fail(): void;
  heal(): void;
  /** Opens the gate of `POST /race`. */
  open(): void;
  /** Resolves when a `POST /race` waits at the gate. */
  arrived(): Promise<void>;
  send(path: string, request?: WireRequest): Promise<WireAnswer>;
  /** Signs in and returns the tokens as a client holds them. */
  login(user?: string): Promise<Login>;
}

export interface Login {
  readonly token: string;
  /** Empty where there is none. */
  readonly cookie: string;
  /** The header that refresh and logout go by: the cookie where there is one, else the token. */
  readonly carried: Header;
}

export type Header = readonly [string, string];

/** Starts a host for the running test, and stops it when the test is over. */
export async function useHost(
  { startHost, makeEngine, createDenylist = () => NO_DENYLIST }: Target,
  given: { readonly engine?: EngineOptions; readonly protocol?: HttpOptions } & Partial<
    Pick<EngineSetup, 'revocation' | 'keys'>
  > = {},
): Promise<TestHost> {
  const { engine, protocol, revocation = 'denylist', keys = 'secret' } = given;
  const clock = createFakeClock();
  const store = createFaultyStore(memoryStore());
  const denylist = createFaultyDenylist(createDenylist());
  const sessions = await makeEngine({
    clock,
    logger: silentLogger,
    store: store.store,
    denylist: denylist.denylist,
    revocation,
    keys,
    options: { accessTtl: '15m', ...engine },
  });
  let open: () => void = () => {};
  let arrive: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const host = await startHost({
    sessions,
    options: { routes: 'all', ...protocol },
    gate: () => {
      arrive();
      return opened;
    },
  });
  onTestFinished(() => host.close());

  const test: TestHost = {
    sessions,
    clock,
    store,
    denylist,
    calls: () => Object.fromEntries([...store.calls, ...denylist.calls]),
    lookups: () => (store.calls.get('load') ?? 0) + (denylist.calls.get('isDenied') ?? 0),
    fail() {
      store.fail();
      denylist.fail();
    },
    heal() {
      store.heal();
      denylist.heal();
    },
    open: () => open(),
    arrived: () => arrived,
    send: (path, request) => sendRequest(host.url + path, request),
    async login(user = 'ada') {
      const response = await test.send('/login', { method: 'POST', body: { user } });
      if (response.status !== 200)
        throw new Error(`login returned ${response.status}: ${response.text}`);
      const { access_token: token } = JSON.parse(response.text) as { access_token: string };
      const cookie = cookiePair(response);
      const carried = cookie === undefined ? bearer(token) : cookieHeader(cookie);
      return { token, cookie: cookie ?? '', carried };
    },
  };
  return test;
}

const refuse = () => Promise.reject(new Error('an engine of opaque tokens uses no denylist'));
/** For engines that use none. */
const NO_DENYLIST: Denylist = {
  timeout: 1_000,
  isLocal: true,
  currentVersion: refuse,
  isDenied: refuse,
  deny: refuse,
  denyAll: refuse,
  supersede: refuse,
  ready: refuse,
  close: async () => {},
};

/** Returns `name=value` of the refresh cookie that a response sets, or `undefined`. */
export function cookiePair(answer: WireAnswer): string | undefined {
  return answer.setCookies
    .map((line) => line.split(';')[0] ?? '')
    .find((pair) => /^(__Host-|__Secure-)?sess=/.test(pair));
}

export function bearer(token: string): Header {
  return ['Authorization', `Bearer ${token}`];
}

export function cookieHeader(pair: string): Header {
  return ['Cookie', pair];
}

/** The parsed body. */
export function json(answer: WireAnswer): Record<string, unknown> {
  return JSON.parse(answer.text) as Record<string, unknown>;
}
