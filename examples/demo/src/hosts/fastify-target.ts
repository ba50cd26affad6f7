import { type IncomingMessage, maxHeaderSize } from 'node:http';

/** Node rejects longer request targets. */
export const MAX_TARGET_LENGTH: number = maxHeaderSize;

/** A request target may be a complete URL (RFC 9112, section 3.2.2). */
const TARGET = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(.*)$/is;

/**
 * Returns the request target in a form that Fastify routes as the other hosts do: it compares paths undecoded, and
 * finds no route for a path that cannot be decoded. `*` (RFC 9112, section 3.2.4) becomes a path, too.
 */
export function normalizeTarget({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const [, path = '', rest = ''] = TARGET.exec(url) ?? [];
  if (!path.startsWith('/')) return `/${path}${rest}`;
  return `${path.replaceAll('%', '%25')}${rest}`;
}

export function pathOf(url: string): string {
  return TARGET.exec(url)?.[1] ?? '';
}
