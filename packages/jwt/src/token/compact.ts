import { Buffer } from 'node:buffer';
import { hasUniqueMembers } from './members.js';

/*
 * RFC 7515, section 7.1, with base64url as in RFC 4648, section 5:
 *
 * token = header "." payload "." signature      ; each 1*base64url
 *
 * Spare bits of the last character must be zero and there is no padding, so that a token has one spelling only. Five
 * parts would be a JWE (RFC 7516, section 7.1): nothing here is encrypted, and nothing is decrypted.
 */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** As long as what the `Authorization` header may carry. */
export const MAX_TOKEN_LENGTH = 8_192;

/** Which last characters leave no spare bit set, by the length of the text modulo 4. */
const LAST_CHARACTERS: readonly (RegExp | undefined)[] = [
  /[A-Za-z0-9_-]$/,
  undefined,
  /[AQgw]$/,
  /[AEIMQUYcgkosw048]$/,
];

/** The parts of a token, in text form. */
export interface CompactToken {
  readonly header: string;
  readonly payload: string;
}

/** `undefined` for anything but the one right spelling of three parts; costs no hashing. */
export function parseCompact(token: unknown): CompactToken | undefined {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH || !COMPACT.test(token))
    return undefined;
  const [header = '', payload = '', signature = ''] = token.split('.');
  if (!isCanonical(header) || !isCanonical(payload) || !isCanonical(signature)) return undefined;
  return { header, payload };
}

function isCanonical(text: string): boolean {
  return LAST_CHARACTERS[text.length % 4]?.test(text) === true;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A JSON object out of base64url; `undefined` for what is none, is no UTF-8, or says a member twice. */
export function decodeObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json = decoder.decode(Buffer.from(text, 'base64url'));
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const object = value as Readonly<Record<string, unknown>>;
    return hasUniqueMembers(json, object) ? object : undefined;
  } catch {
    // Hostile input is no fault of anything here.
    return undefined;
  }
}
