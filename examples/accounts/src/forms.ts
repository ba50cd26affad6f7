import type { Request } from 'express';

/** Returns a field of a form, or the empty string. A field that was sent twice is an array, and counts as absent. */
export function field(req: Request, name: string): string {
  const value: unknown = (req.body as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

/**
 * Returns the address in a form, in the spelling of the table of accounts, or the empty string if no mail can be sent to it.
 * Whether mail arrives, the link in the first one shows.
 */
export function emailIn(req: Request): string {
  const email = field(req, 'email').trim().toLowerCase();
  return email.length <= 254 && EMAIL.test(email) ? email : '';
}

const EMAIL = /^[^\s\p{Cc}@<>,;"]+@[^\s\p{Cc}@<>,;"]+\.[^\s\p{Cc}@<>,;".]+$/u;
