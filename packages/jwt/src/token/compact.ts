import { Buffer } from 'node:buffer';

/*
 * RFC 7515, section 7.1, with base64url as in RFC 4648, section 5:
 *
 * token = header "." payload "." signature      ; each 1*base64url
 *
 * Spare bits of the last character must be zero and there is no padding, so that a token has exactly one spelling. Five
 * parts would be a JWE (RFC 7516, section 7.1), which is refused: tokens are signed, not encrypted.
 */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
/** The longest token that fits in an `Authorization` header. */
export const MAX_TOKEN_LENGTH = 8_192;

/** The last characters without a spare bit, by the length of the text modulo 4. */
const LAST_CHARACTERS: readonly (RegExp | undefined)[] = [
  /[A-Za-z0-9_-]$/,
  undefined,
  /[AQgw]$/,
  /[AEIMQUYcgkosw048]$/,
];

/** The parts of a token that are decoded, in text form. */
export interface CompactToken {
  readonly header: string;
  readonly payload: string;
}

/** Returns the parts of a token, `undefined` for anything but the one spelling of three parts. It hashes nothing. */
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

/** Returns the JSON object in base64url text, `undefined` if it is not one, is not UTF-8, or repeats a member. */
export function decodeObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json = decoder.decode(Buffer.from(text, 'base64url'));
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const object = value as Readonly<Record<string, unknown>>;
    return hasUniqueMembers(json, object) ? object : undefined;
  } catch {
    // Hostile input is a result, not a fault.
    return undefined;
  }
}

/**
 * True if no object of a parsed text repeats a member. Parsers differ in which of two equal members they use, so that
 * one program could check what another does not use (RFC 7515, section 4; RFC 7519, section 4).
 */
export function hasUniqueMembers(json: string, value: unknown): boolean {
  return countColons(json) === countMembers(value);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Each member has one colon outside strings. */
function countColons(json: string): number {
  let count = 0;
  for (let index = 0; index < json.length; index += 1) {
    const character = json.charCodeAt(index);
    if (character === QUOTE) index = endOfString(json, index);
    else if (character === COLON) count += 1;
  }
  return count;
}

/** Without recursion: the writer of a token chooses how deep its values are. */
function countMembers(value: unknown): number {
  let count = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    const members: readonly unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += members.length;
    for (const member of members) if (typeof member === 'object') left.push(member);
  }
  return count;
}

function endOfString(json: string, start: number): number {
  let index = start + 1;
  for (; index < json.length; index += 1) {
    const character = json.charCodeAt(index);
    if (character === QUOTE) break;
    if (character === BACKSLASH) index += 1;
  }
  return index;
}
