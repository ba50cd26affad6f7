import type { Exchange } from '@sess/core/http';
import { parseAccessToken, parseRefreshToken, readCookie } from '@sess/core/internal';
import type { OldCookies, OldRequest } from './source.js';

/** More chunks do not fit into the header lines that servers accept. */
const MAX_CHUNKS = 8;
/** Characters of one cookie, and of a token. Browsers keep 4,096 bytes. */
const MAX_LENGTH = 8_192;

/** Returns what a source may read of a request. */
export function toOldRequest(exchange: Exchange, token: string | undefined): OldRequest {
  const cookie = (name: string): string | undefined => {
    const { value } = readCookie(exchange.header('cookie'), name);
    return value === undefined || value.length > MAX_LENGTH ? undefined : decode(value);
  };
  return {
    cookie,
    chunkedCookie(name) {
      const whole = cookie(name);
      if (whole !== undefined) return whole;
      const chunks: string[] = [];
      for (let index = 0; index < MAX_CHUNKS; index += 1) {
        const chunk = cookie(`${name}.${index}`);
        if (chunk === undefined) break;
        chunks.push(chunk);
      }
      return chunks.length === 0 ? undefined : chunks.join('');
    },
    get token() {
      const given = token ?? /^Bearer +(\S+)$/i.exec(exchange.authorization()[0] ?? '')?.[1];
      // A token of this library is a live secret, and none of the old system: its table must not see it.
      const isNone = given === undefined || given.length > MAX_LENGTH || isOwnToken(given);
      return isNone ? undefined : given;
    },
  };
}

function isOwnToken(text: string): boolean {
  return parseRefreshToken(text) !== undefined || parseAccessToken(text) !== undefined;
}

/** Removes the old cookies that a request carries. */
export function clearCookies(exchange: Exchange, cookies: OldCookies | undefined): void {
  if (cookies === undefined) return;
  const sent = exchange.header('cookie') ?? '';
  const { names, path = '/', domain } = cookies;
  for (const base of names) {
    const chunks = Array.from({ length: MAX_CHUNKS }, (_, index) => `${base}.${index}`);
    for (const name of [base, ...chunks]) {
      if (readCookie(sent, name).kind === 'none') continue;
      const where = `; Path=${path}${domain === undefined ? '' : `; Domain=${domain}`}`;
      const secure = name.startsWith('__') || exchange.protocol === 'https' ? '; Secure' : '';
      exchange.setCookie(name, `${name}=${where}; HttpOnly${secure}; SameSite=Lax; Max-Age=0`);
    }
  }
}

/** Returns a cookie value as its library meant it: most encode it as a part of a URL, and some quote it. */
function decode(value: string): string | undefined {
  const bare = value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  if (!bare.includes('%')) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    // Hostile, or damaged: no library would have written it.
    return undefined;
  }
}
