import { type IncomingMessage, maxHeaderSize } from 'node:http';

/** No path is longer: Node refuses it before. */
export const LONGEST: number = maxHeaderSize;

/** A target may be a whole URL (RFC 9112, section 3.2.2). */
const TARGET = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(.*)$/is;

/**
 * A target as Fastify's router can take it. One whose path cannot be decoded names nothing here, and is looked
 * for as it is spelt; `*` (RFC 9112, section 3.2.4) is no path at all.
 */
export function asSent({ url = '' }: Pick<IncomingMessage, 'url'>): string {
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
