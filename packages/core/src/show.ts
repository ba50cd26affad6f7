/**
 * A value as a message may hold it, whatever it is. Objects are not turned into text: one may have no way to become
 * any, or hold what nobody should read.
 */
export function formatValue(value: unknown): string {
  return value === Object(value) ? 'an object' : String(value);
}

/** The same with quotes around a string, and nothing in it that could break a line. */
export function formatShort(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : formatValue(value);
}
