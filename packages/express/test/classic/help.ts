import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createSessions, type Sessions } from '@sess/core';
import { type SessionData, type SessionOptions, session } from '@sess/express/classic';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { onTestFinished } from 'vitest';
import { sendRequest, type WireAnswer, type WireRequest } from '../../../../test/kit.js';

declare module '@sess/express/classic' {
  interface SessionData {
    user: string;
    cart: string[];
    views: number;
    note: unknown;
    other: unknown;
    flash: Record<string, string[]>;
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
  readonly name: string;
  /** True for the original. */
  readonly isOriginal: boolean;
  create(options?: Partial<SessionOptions>): RequestHandler;
}

const subject = ({ user, passport }: Partial<SessionData>): string | undefined =>
  user ?? passport?.user;

/** Creates the face under test on an engine. */
export function createFace(sessions: Sessions = createSessions()): Face {
  return {
    name: '@sess/express/classic',
    isOriginal: false,
    create: (options) => session(sessions, { subject, ...options }),
  };
}

/** The original, in the settings that its documentation recommends. */
export const original: Face = {
  name: 'express-session',
  isOriginal: true,
  create: ({ subject: _subject, ...options } = {}) =>
    (load('express-session') as (options: object) => RequestHandler)({
      secret: 'a secret of at least thirty-two characters',
      resave: false,
      saveUninitialized: false,
      ...options,
    }),
};

/** Starts an HTTP server, and ends it with the test. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts an application with the face in front. */
export function startApp(
  given: {
    readonly face: Face;
    readonly framework?: typeof express;
    readonly options?: Partial<SessionOptions>;
  },
  mount: (app: Express) => void,
): Promise<string> {
  const app = (given.framework ?? express)();
  // Errors are looked at by the tests, and not written to the console.
  app.set('env', 'test');
  app.use(given.face.create(given.options), express.urlencoded({ extended: false }));
  mount(app);
  return listen(app as unknown as RequestListener);
}

/** A browser, as far as cookies are concerned. */
export interface Jar {
  readonly cookies: Map<string, string>;
  send(path: string, given?: WireRequest): Promise<WireAnswer>;
  post(path: string, body?: Readonly<Record<string, string>>): Promise<WireAnswer>;
  /** A browser with the same cookies from now on, whose responses change this one's no more. */
  copy(): Jar;
}

export function createJar(url: string, cookies: Iterable<readonly [string, string]> = []): Jar {
  const kept = new Map(cookies);
  const jar: Jar = {
    cookies: kept,
    async send(path, given = {}) {
      const header = [...kept].map(([name, value]) => `${name}=${value}`).join('; ');
      const lines = header === '' ? [] : [['Cookie', header] as const];
      const headers = [...lines, ...(given.headers ?? [])];
      const answer = await sendRequest(new URL(path, url).href, { ...given, headers });
      for (const line of answer.setCookies) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (/max-age=0/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line) || value === '')
          kept.delete(name);
        else kept.set(name, value);
      }
      return answer;
    },
    post(path, body = {}) {
      const form = [['Content-Type', 'application/x-www-form-urlencoded']] as const;
      return jar.send(path, {
        method: 'POST',
        headers: form,
        body: new URLSearchParams(body).toString(),
      });
    },
    copy: () => createJar(url, kept),
  };
  return jar;
}
