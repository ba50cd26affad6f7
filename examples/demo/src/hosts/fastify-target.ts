import { type IncomingMessage, maxHeaderSize } from 'node:http';

/** Node rejects longer request targets. */
export const MAX_TARGET_LENGTH: number = maxHeaderSize;

/** A request target may be a complete URL (RFC 9112, section 3.2.2). */
const TARGET = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(.*)$/is;

/**
 * Returns the request target in a form that Fastify's router accepts. A path that cannot be decoded is
 * escaped, so that no route matches it. `*` (RFC 9112, section 3.2.4) becomes a path, too.
 */
export function normalizeTarget({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const [, path = '', rest = ''] = TARGET.exec(url) ?? [];
  if (!path.startsWith('/')) return `/${path}${rest}`;
  return `${isDecodable(path) ? path : path.replaceAll('%', '%25')}${rest}`;
}

export function pathOf(url: string): string {
  return TARGET.exec(url)?.[1] ?? '';
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}
