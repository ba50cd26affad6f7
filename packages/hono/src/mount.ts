/**
 * The path below the place where a middleware is mounted: `/session` of `/api/session` for one at `/api/*`.
 * Counts segments, so that a place with parameters in it is one too. Without a wildcard there is nothing below.
 */
export function pathBelow(routePath: string, path: string): string {
  if (routePath === '/*' || !routePath.endsWith('/*')) return path;
  // A pattern in braces may hold slashes of its own.
  const depth = routePath.replace(/\{[^}]*\}/g, '').split('/').length - 1;
  return `/${path.split('/').slice(depth).join('/')}`;
}
