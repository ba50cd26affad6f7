/*
 * The URL of a request is a whole one, and in the one spelling that the URL standard gives it: so its parts can be
 * cut out by their delimiters (RFC 3986, section 3), at a tenth of what it costs to parse them.
 */

/** As `URL.pathname`. */
export function pathOf(url: string): string {
  const start = startOfPath(url);
  const end = endOf(url, '?', endOf(url, '#', url.length));
  return start < 0 || start >= end ? '/' : url.slice(start, end);
}

/** As `URL.search`, without the question mark. */
export function queryOf(url: string): string {
  const end = endOf(url, '#', url.length);
  const mark = endOf(url, '?', end);
  return url.slice(mark + 1, end);
}

function startOfPath(url: string): number {
  return url.indexOf('/', url.indexOf('://') + 3);
}

/** Where a delimiter stands before `end`, else `end`. */
function endOf(url: string, delimiter: string, end: number): number {
  const at = url.indexOf(delimiter);
  return at < 0 || at > end ? end : at;
}
