import { hkdfSync } from 'node:crypto';
import { option, type Readers, readOptions } from '@sess/core/internal';
import { type JWTPayload, jwtDecrypt } from 'jose';
import type { AdoptSource } from './source.js';
import { type CookiePlace, cookiesAt, PLACE, secrets } from './source-options.js';

/** The options that next-auth 4 or Auth.js 5 was given. */
export interface NextAuthOptions extends CookiePlace {
  /** `NEXTAUTH_SECRET` or `AUTH_SECRET`; of several, each is accepted. */
  readonly secret: string | readonly string[];
  /** The name of its session cookie, if it was changed. Default: those of versions 4 and 5, with and without TLS. */
  readonly cookieName?: string;
}

/** What the token of a session holds, beside what the application's callback `jwt` has added. */
export interface NextAuthToken extends JWTPayload {
  readonly name?: string | null;
  readonly email?: string | null;
  readonly picture?: string | null;
  readonly [claim: string]: unknown;
}

const OPTIONS = {
  ...PLACE,
  secret: secrets,
  cookieName: option<string>({
    expected: "a cookie name such as 'authjs.session-token'",
    accepts: (value) => typeof value === 'string' && value !== '',
  }),
} satisfies Readers<NextAuthOptions>;

const NAMES = [
  '__Secure-authjs.session-token',
  'authjs.session-token',
  '__Secure-next-auth.session-token',
  'next-auth.session-token',
];

/** A compact JWE without an encrypted key, as both versions write it (RFC 7516, section 7.1). */
const JWE = /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/;
/** As in both versions. Seconds. */
const CLOCK_TOLERANCE = 15;

/**
 * Creates the source of next-auth 4 and Auth.js 5 with the strategy `jwt`, which keeps the whole session in an encrypted
 * cookie. For the strategy `database`, write a source that asks the adapter.
 *
 * @typeParam Old what the callback `jwt` has made of the token
 * @throws {UsageError} invalid_option
 */
export function nextAuth<Old extends object = NextAuthToken>(
  options: NextAuthOptions,
): AdoptSource<Old> {
  const { secret, cookieName, ...place } = readOptions('nextAuth', options, OPTIONS, 'nextAuth: ');
  const names = cookieName === undefined ? NAMES : [cookieName];
  return {
    name: 'next-auth',
    cookies: cookiesAt(names, place),
    read({ chunkedCookie }) {
      for (const name of names) {
        const token = chunkedCookie(name);
        // The name is part of the derivation of the key in version 5.
        if (token !== undefined && JWE.test(token)) return `${name} ${token}`;
      }
      return undefined;
    },
    async load(credential) {
      const space = credential.indexOf(' ');
      const payload = await decrypt(credential.slice(space + 1), {
        name: credential.slice(0, space),
        secret,
      });
      if (payload === undefined) return undefined;
      const { exp } = payload;
      return {
        data: payload as unknown as Old,
        ...(exp === undefined ? {} : { expiresAt: exp * 1_000 }),
      };
    },
  };
}

/** Returns the claims, or `undefined` if no secret fits, or the token has expired. */
async function decrypt(
  token: string,
  { name, secret }: { readonly name: string; readonly secret: readonly string[] },
): Promise<JWTPayload | undefined> {
  for (const material of secret) {
    for (const [salt, info] of [
      [name, `Auth.js Generated Encryption Key (${name})`],
      ['', 'NextAuth.js Generated Encryption Key'],
    ] as const) {
      try {
        const { payload } = await jwtDecrypt(
          token,
          ({ enc }) => {
            const size = enc === 'A256CBC-HS512' ? 64 : 32;
            return new Uint8Array(hkdfSync('sha256', material, salt, info, size));
          },
          {
            clockTolerance: CLOCK_TOLERANCE,
            keyManagementAlgorithms: ['dir'],
            contentEncryptionAlgorithms: ['A256CBC-HS512', 'A256GCM'],
          },
        );
        return payload;
      } catch {
        // Another secret or version may fit.
      }
    }
  }
  return undefined;
}
