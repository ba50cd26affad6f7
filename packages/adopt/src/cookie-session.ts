import { type Readers, readOptions } from '@sess/core/internal';
import { isSigned } from './signature.js';
import type { AdoptSource } from './source.js';
import { type CookiePlace, cookieName, cookiesAt, PLACE, secrets } from './source-options.js';

/** The options that cookie-session was given. */
export interface CookieSessionOptions extends CookiePlace {
  /** Its option `keys`, or `secret`. Each is accepted. */
  readonly keys: string | readonly string[];
  /** Its option `name`. Default: `'session'`. */
  readonly cookieName?: string;
}

const OPTIONS = {
  ...PLACE,
  keys: secrets,
  cookieName: cookieName('session'),
} satisfies Readers<CookieSessionOptions>;

/**
 * Creates the source of cookie-session, which keeps the whole session in a signed cookie without an end. Unsigned cookies
 * are no credential.
 *
 * @typeParam Old what the application kept in `req.session`
 * @throws {UsageError} invalid_option
 */
export function cookieSession<Old extends object = Record<string, unknown>>(
  options: CookieSessionOptions,
): AdoptSource<Old> {
  const {
    keys,
    cookieName: name,
    ...place
  } = readOptions('cookieSession', options, OPTIONS, 'cookieSession: ');
  return {
    name: 'cookie-session',
    cookies: cookiesAt([name, `${name}.sig`], place),
    read({ cookie }) {
      const [value, signature] = [cookie(name), cookie(`${name}.sig`)];
      if (value === undefined || signature === undefined) return undefined;
      const text = `${name}=${value}`;
      return isSigned({ text, signature, keys, algorithm: 'sha1' }) ? value : undefined;
    },
    async load(value) {
      const data: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
      return typeof data === 'object' && data !== null ? { data: data as Old } : undefined;
    },
  };
}
