const SHOWN_AS_TEXT: ReadonlySet<string> = new Set([
  'string',
  'number',
  'boolean',
  'bigint',
  'undefined',
  'symbol',
]);

/**
 * A value as a message may hold it, whatever it is. Objects are not turned into text: one may have no way to become
 * any, or hold what nobody should read.
 */
export function show(value: unknown): string {
  if (value === null || SHOWN_AS_TEXT.has(typeof value)) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'function' ? 'a function' : 'an object';
}

/** The same with quotes around a string, and nothing in it that could break a line. */
export function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : show(value);
}
