import { UsageError } from '@sess/core';
import type { Cookie } from './types.js';

/** The attributes of the cookie, as the options have them. */
export type CookieAttributes = Pick<Cookie, 'secure' | 'sameSite' | 'path' | 'partitioned'>;

/** `req.session.cookie`. */
export class ClassicCookie implements Cookie {
  readonly #attributes: CookieAttributes;
  readonly #now: () => number;
  #expires: Cookie['expires'];
  #originalMaxAge: Cookie['originalMaxAge'];
  #isChanged = false;

  constructor(given: {
    readonly attributes: CookieAttributes;
    readonly now: () => number;
    /** Milliseconds; `null` for a cookie that ends with the browser session. */
    readonly maxAge: number | null;
    /** Milliseconds that are left. Default: `maxAge`. */
    readonly left?: number | undefined;
  }) {
    const { attributes, now, maxAge, left = maxAge } = given;
    this.#attributes = attributes;
    this.#now = now;
    this.#originalMaxAge = maxAge;
    this.#expires = this.#deadline(left);
  }

  // The attributes have no setters, so that an assignment throws in place of having no effect.
  get path(): string {
    return this.#attributes.path;
  }

  get secure(): boolean {
    return this.#attributes.secure;
  }

  get sameSite(): Cookie['sameSite'] {
    return this.#attributes.sameSite;
  }

  get partitioned(): boolean {
    return this.#attributes.partitioned;
  }

  get httpOnly(): true {
    return true;
  }

  /** The lifetime in milliseconds that the application has chosen, `null` for a browser session; `undefined`: none. */
  get chosenMaxAge(): number | null | undefined {
    if (!this.#isChanged) return undefined;
    return typeof this.#originalMaxAge === 'number' ? this.#originalMaxAge : null;
  }

  get domain(): undefined {
    return undefined;
  }

  get originalMaxAge(): Cookie['originalMaxAge'] {
    return this.#originalMaxAge;
  }

  set originalMaxAge(value: Cookie['originalMaxAge']) {
    assertMaxAge('originalMaxAge', value);
    this.#originalMaxAge = value;
    this.#isChanged = true;
  }

  get expires(): Cookie['expires'] {
    return this.#expires;
  }

  set expires(value: Cookie['expires']) {
    if (value && !(value instanceof Date && Number.isFinite(value.valueOf()))) {
      throw new UsageError(
        'invalid_argument',
        `cookie.expires: expected a date, or false, got a ${typeof value}. Write cookie.maxAge for milliseconds.`,
      );
    }
    this.#expires = value;
    this.originalMaxAge = this.maxAge;
  }

  get maxAge(): Cookie['maxAge'] {
    return this.#expires instanceof Date ? this.#expires.valueOf() - this.#now() : this.#expires;
  }

  set maxAge(value: Cookie['maxAge']) {
    assertMaxAge('maxAge', value);
    this.#expires = this.#deadline(value);
    this.originalMaxAge = value;
  }

  /** Starts the time again, without a change of the lifetime. */
  reset(): void {
    this.#expires = this.#deadline(this.#originalMaxAge);
  }

  #deadline(maxAge: Cookie['maxAge']): Cookie['expires'] {
    // biome-ignore lint/plugin: it has an argument, the time of the engine's clock
    return typeof maxAge === 'number' ? new Date(this.#now() + maxAge) : maxAge;
  }

  get data(): object {
    const { originalMaxAge, expires, secure, httpOnly, domain, path, sameSite, partitioned } = this;
    return { originalMaxAge, partitioned, expires, secure, httpOnly, domain, path, sameSite };
  }

  toJSON(): object {
    return this.data;
  }
}

function assertMaxAge(name: string, value: unknown): void {
  if (!value || (typeof value === 'number' && Math.abs(value) < MAX_DATE)) return;
  const got = typeof value === 'number' ? String(value) : `a ${typeof value}`;
  throw new UsageError(
    'invalid_argument',
    `cookie.${name}: expected milliseconds as a number, or null, got ${got}. Write cookie.expires for a date.`,
  );
}

/** Half of what a date can represent (ECMA-262, section 21.4.1.1), so that a time from now is one. */
const MAX_DATE = 4.32e15;
