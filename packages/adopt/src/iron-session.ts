import { optionError, type Readers, readOptions } from '@sess/core/internal';
import { defaults, unseal } from 'iron-webcrypto';
import type { AdoptSource } from './source.js';
import { type CookiePlace, cookieName, cookiesAt, PLACE } from './source-options.js';

/** The options that iron-session was given. */
export interface IronSessionOptions extends CookiePlace {
  /** A password, or passwords by their number. */
  readonly password: string | Readonly<Record<string, string>>;
  readonly cookieName: string;
}

const OPTIONS = {
  ...PLACE,
  password(name, value): Record<string, string> {
    const map: unknown = typeof value === 'string' ? { 1: value } : value;
    const isMap = typeof map === 'object' && map !== null && Object.keys(map).length > 0;
    const passwords = isMap ? Object.values(map as object) : [undefined];
    if (passwords.every((one) => typeof one === 'string' && one.length >= 32)) {
      return map as Record<string, string>;
    }
    throw optionError({
      option: name,
      expected: 'a password of at least 32 characters, or an object of them',
      value: typeof value,
      repair: 'Give what iron-session was given.',
    });
  },
  cookieName: cookieName('session'),
} satisfies Readers<IronSessionOptions>;

/** The form of a seal: eight parts, of which the sixth is its end in epoch milliseconds, or empty. */
const SEAL = /^Fe26\.2\*[^*~]*(?:\*[^*~]*){3}\*(\d*)(?:\*[^*~]*){2}$/;

/**
 * Creates the source of iron-session 8 and 9, which keeps the whole session in a sealed cookie.
 *
 * @typeParam Old what the application kept in the session
 * @throws {UsageError} invalid_option
 */
export function ironSession<Old extends object = Record<string, unknown>>(
  options: IronSessionOptions,
): AdoptSource<Old> {
  const {
    password,
    cookieName: name,
    ...place
  } = readOptions('ironSession', options, OPTIONS, 'ironSession: ');
  return {
    name: 'iron-session',
    cookies: cookiesAt([name], place),
    read({ chunkedCookie }) {
      // The number behind the seal is not sealed.
      const seal = chunkedCookie(name)?.split('~', 1)[0];
      return seal !== undefined && SEAL.test(seal) ? seal : undefined;
    },
    async load(seal) {
      let data: unknown;
      try {
        data = await unseal(seal, password, { ...defaults, ttl: 0 });
      } catch {
        // Forged, expired, or of a password that is not known.
        return undefined;
      }
      if (typeof data !== 'object' || data === null) return undefined;
      const end = SEAL.exec(seal)?.[1];
      return { data: data as Old, ...(end ? { expiresAt: Number(end) } : {}) };
    },
  };
}
