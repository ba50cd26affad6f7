import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createSessions, memoryStore, type Sessions, type SessionsOptions } from '@sess/core';
import { type SessionData, type SessionOptions, session } from '@sess/express/classic';
import { createFaultyStore, silentLogger } from '@sess/testkit';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { onTestFinished } from 'vitest';
import {
  type FaultyStore,
  sendRequest,
  type WireAnswer,
  type WireRequest,
} from '../../../../test/kit.js';

declare module '@sess/express/classic' {
  interface SessionData {
    user: string;
    cart: string[];
    views: number;
    note: unknown;
    other: unknown;
    passport: { user?: string };
    csrfToken: string;
  }
}

/** Packages whose types declare a `req.session` of their own, or that have none. */
export const load: (name: string) => unknown = createRequire(import.meta.url);

export const FRAMEWORKS: readonly (readonly [string, typeof express])[] = [
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
];

/** A middleware that gives requests a mutable `req.session`. */
export interface Face {
  readonly middleware: RequestHandler;
  /** The number of writes of the store so far. */
  writes(): number;
}

export type CreateFace = (options?: Partial<SessionOptions>) => Face;

const subject = ({ user, passport }: Partial<SessionData>): string | undefined =>
  user ?? passport?.user;

const WRITES = ['insert', 'replaceAuth', 'replaceData', 'remove'];

/** Creates a faulty store that is counted, and an engine on it. */
export function openEngine(options: SessionsOptions = {}): {
  readonly sessions: Sessions;
  readonly faulty: FaultyStore;
} {
  const faulty = createFaultyStore(memoryStore());
  const given = { store: faulty.store, logger: silentLogger, ...options };
  return { faulty, sessions: createSessions(given) };
}

/** The face under test, in memory. */
export const createClassic: CreateFace = (options) => {
  const { faulty, sessions } = openEngine();
  return {
    middleware: session(sessions, { subject, ...options }),
    writes: () => WRITES.reduce((sum, name) => sum + (faulty.calls.get(name) ?? 0), 0),
  };
};

/** The face under test on an engine. */
export function createClassicOn(
  sessions: Sessions,
  options?: Partial<SessionOptions>,
): RequestHandler {
  return session(sessions, { subject, ...options });
}

/** The original, in the settings that its documentation recommends. */
export const createOriginal: CreateFace = ({ subject: _subject, ...options } = {}) => {
  const original = load('express-session') as {
    (options: object): RequestHandler;
    readonly MemoryStore: new () => { set(...args: unknown[]): void };
  };
  const store = new original.MemoryStore();
  let writes = 0;
  const set = store.set.bind(store);
  store.set = (...args) => {
    writes += 1;
    set(...args);
  };
  const settings = { secret: 'for tests', resave: false, saveUninitialized: false, store };
  return { middleware: original({ ...settings, ...options }), writes: () => writes };
};

/** Both, for what they have in common. */
export const FACES: readonly (readonly [string, CreateFace])[] = [
  ['classic', createClassic],
  ['express-session', createOriginal],
];

/** Starts an HTTP server, and ends it with the test. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const showError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) next(error);
  else res.status(error.status ?? 500).json({ code: error.code, message: error.message });
};

/** Starts an application with a middleware in front, and returns a browser for it. */
export async function openApp(
  middleware: RequestHandler,
  mount: (app: Express) => void,
  framework: typeof express = express,
): Promise<Jar> {
  const app = framework();
  // The last handler of Express writes errors to the console otherwise.
  app.set('env', 'test');
  app.use(middleware, express.urlencoded({ extended: false }));
  mount(app);
  app.use(showError);
  return createJar(await listen(app as unknown as RequestListener));
}

/** Starts an application with one handler for all requests. */
export function open(middleware: RequestHandler, handler: RequestHandler): Promise<Jar> {
  return openApp(middleware, (app) => void app.use(handler));
}

/** A browser, as far as cookies are concerned. */
export interface Jar {
  readonly url: string;
  readonly cookies: Map<string, string>;
  send(path: string, given?: WireRequest): Promise<WireAnswer>;
  get(path: string): Promise<string>;
  post(path: string, body?: Readonly<Record<string, string>>): Promise<WireAnswer>;
  /** A second browser with the same cookies. */
  copy(): Jar;
}

export function createJar(url: string, cookies: Iterable<readonly [string, string]> = []): Jar {
  const kept = new Map(cookies);
  const jar: Jar = {
    url,
    cookies: kept,
    async send(path, given = {}) {
      const header = [...kept].map(([name, value]) => `${name}=${value}`).join('; ');
      const lines = header === '' ? [] : [['Cookie', header] as const];
      const headers = [...lines, ...(given.headers ?? [])];
      const answer = await sendRequest(new URL(path, url).href, { ...given, headers });
      for (const line of answer.setCookies) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0/i.test(line) || value === '') kept.delete(name);
        else kept.set(name, value);
      }
      return answer;
    },
    get: async (path) => (await jar.send(path)).text,
    post(path, body = {}) {
      const form = [['Content-Type', 'application/x-www-form-urlencoded']] as const;
      const text = new URLSearchParams(body).toString();
      return jar.send(path, { method: 'POST', headers: form, body: text });
    },
    copy: () => createJar(url, kept),
  };
  return jar;
}

/** Waits for something that is made elsewhere. */
export function createGate(): { readonly opened: Promise<void>; open(): void } {
  let release = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { opened, open: () => release() };
}
