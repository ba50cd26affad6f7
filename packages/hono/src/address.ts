/** The parts of a URL that the protocol asks for, as they stand: Hono decodes its own path. */
export interface Address {
  readonly protocol: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

/** Takes an absolute URL apart. By index: to build a `URL` would cost more than all else that a request does here. */
export function readAddress(url: string): Address {
  const colon = url.indexOf('://');
  const begin = colon + 3;
  const slash = url.indexOf('/', begin);
  const hash = url.indexOf('#', begin);
  const end = hash < 0 ? url.length : hash;
  const mark = url.indexOf('?', begin);
  const pathEnd = mark < 0 || mark > end ? end : mark;
  const hostEnd = slash < 0 || slash > pathEnd ? pathEnd : slash;
  return {
    protocol: url.slice(0, colon),
    host: url.slice(begin, hostEnd),
    path: url.slice(hostEnd, pathEnd),
    query: url.slice(pathEnd + 1, end),
  };
}

/**
 * The path below the place where a middleware is mounted: `/session` of `/api/session` for one at `/api/*`.
 * Counts segments, so that a place with parameters in it is one too. Without a wildcard there is nothing below.
 */
export function pathBelow(routePath: string, path: string): string {
  if (routePath === '/*' || !routePath.endsWith('/*')) return path;
  // A pattern in braces may hold slashes of its own.
  let depth = routePath.replace(/\{[^}]*\}/g, '').split('/').length - 2;
  let index = 0;
  while (depth > 0 && index >= 0) {
    index = path.indexOf('/', index + 1);
    depth -= 1;
  }
  return index < 0 ? '/' : path.slice(index);
}
