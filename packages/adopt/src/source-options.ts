import { option, optionError, type Reader } from '@sess/core/internal';
import type { OldCookies } from './source.js';

/** Where the cookie of an old system was set. */
export interface CookiePlace {
  /** The `Path` of its cookie. Default: `'/'`. */
  readonly path?: string;
  /** The `Domain` of its cookie. Default: none. */
  readonly domain?: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Readers of `CookiePlace`. */
export const PLACE: {
  readonly path: Reader<string | undefined>;
  readonly domain: Reader<string | undefined>;
} = {
  path: option<string>({
    expected: "a path such as '/'",
    accepts: (value) => typeof value === 'string' && value.startsWith('/'),
  }),
  domain: option<string>({ expected: "a domain such as 'example.com'", accepts: isText }),
};

/** Returns the cookies of a source. */
export function cookiesAt(
  names: readonly string[],
  { path, domain }: { readonly path: string | undefined; readonly domain: string | undefined },
): OldCookies {
  return {
    names,
    ...(path === undefined ? {} : { path }),
    ...(domain === undefined ? {} : { domain }),
  };
}

/** Creates a reader for the name of a cookie. */
export function cookieName(fallback: string): Reader<string> {
  return option<string>({
    expected: `a cookie name such as '${fallback}'`,
    accepts: isText,
    default: () => fallback,
  });
}

/** Reads one secret, or several of which each is accepted. */
export function secrets(name: string, value: unknown): readonly string[] {
  // A copy has no holes, which every() would pass over.
  const given: unknown[] = Array.isArray(value) ? Array.from(value) : [value];
  if (given.length > 0 && given.every(isText)) return given as string[];
  // The value may be a secret.
  throw optionError({
    option: name,
    expected: 'a string, or an array of strings',
    value: typeof value,
    repair: 'Give what the old system was given.',
  });
}

/** Creates a reader for a function that may be absent. */
export function callback<Call>(): Reader<Call | undefined> {
  return option<Call>({
    expected: 'a function',
    accepts: (value) => typeof value === 'function',
  });
}

/** Creates a reader for a function that is required. */
export function required<Call>(repair: string): Reader<Call> {
  return (name, value) => {
    if (typeof value === 'function') return value as Call;
    throw optionError({ option: name, expected: 'a function', value, repair });
  };
}
