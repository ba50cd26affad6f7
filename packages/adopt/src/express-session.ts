import { optionError, port, type Readers, readOptions } from '@sess/core/internal';
import { isSigned } from './signature.js';
import type { AdoptSource, OldSession } from './source.js';
import {
  type CookiePlace,
  callback,
  cookieName,
  cookiesAt,
  PLACE,
  secrets,
} from './source-options.js';

/** What is used of a store of express-session. Each one has it. */
export interface ExpressSessionStore {
  get(sid: string, done: (error: unknown, session?: object | null) => void): unknown;
  destroy(sid: string, done: (error?: unknown) => void): unknown;
}

/** The options that express-session was given. */
export interface ExpressSessionOptions extends CookiePlace {
  readonly store: ExpressSessionStore;
  /** Of several, each is accepted. */
  readonly secret: string | readonly string[];
  /** Its option `name`. Default: `'connect.sid'`. */
  readonly cookieName?: string;
  /** Ends all sessions of a subject, where the application can find them. Default: none. */
  readonly endAll?: (subject: string) => Promise<void>;
}

const OPTIONS = {
  ...PLACE,
  store: port<ExpressSessionStore>({
    methods: ['get', 'destroy'],
    repair: 'Give the store that express-session was given.',
  }),
  secret: secrets,
  cookieName: cookieName('connect.sid'),
  endAll: callback<(subject: string) => Promise<void>>(),
} satisfies Readers<ExpressSessionOptions>;

/** The beginning of a signed cookie. */
const SIGNED = 's:';

/**
 * Creates the source of express-session, with any of its stores. A cookie without a right signature is no credential.
 *
 * @typeParam Old what the application kept in `req.session`
 * @throws {UsageError} invalid_option
 */
export function expressSession<Old extends object = Record<string, unknown>>(
  options: ExpressSessionOptions,
): AdoptSource<Old> {
  const {
    store,
    secret: keys,
    cookieName: name,
    endAll,
    ...place
  } = readOptions('expressSession', options, OPTIONS, 'expressSession: ');
  if (store === undefined) {
    throw optionError({
      option: 'expressSession: store',
      expected: 'the store of express-session',
      value: store,
    });
  }
  return {
    name: 'express-session',
    cookies: cookiesAt([name], place),
    read({ cookie }) {
      const value = cookie(name) ?? '';
      const dot = value.lastIndexOf('.');
      if (!value.startsWith(SIGNED) || dot < SIGNED.length + 1) return undefined;
      const text = value.slice(SIGNED.length, dot);
      const signature = value.slice(dot + 1);
      return isSigned({ text, signature, keys, algorithm: 'sha256' }) ? text : undefined;
    },
    load: (sid) =>
      new Promise((resolve, reject) => {
        store.get(sid, (error, session) => {
          const isAbsent = error === undefined || error === null || isMissingFile(error);
          if (isAbsent) resolve(toOldSession<Old>(session));
          else reject(toError(error));
        });
      }),
    end: (sid) =>
      new Promise((resolve, reject) => {
        store.destroy(sid, (error) => (error ? reject(toError(error)) : resolve()));
      }),
    ...(endAll === undefined ? {} : { endAll }),
  };
}

/** True for what stores of files report if there is no session. */
function isMissingFile(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ENOENT';
}

function toError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new TypeError('The store of express-session failed without an error.');
}

/** Returns the session without its cookie. An end that has passed is judged by the caller. */
function toOldSession<Old>(session: object | null | undefined): OldSession<Old> | undefined {
  if (typeof session !== 'object' || session === null) return undefined;
  const { cookie, ...data } = session as { readonly cookie?: { readonly expires?: unknown } };
  // A date, its JSON text, or nothing for a cookie that ends with the browser session.
  const expires = cookie?.expires;
  const expiresAt =
    expires instanceof Date || typeof expires === 'string'
      ? Date.parse(String(expires))
      : Number.NaN;
  return Number.isFinite(expiresAt)
    ? { data: data as Old, expiresAt }
    : { data: data as Old, persistent: false };
}
