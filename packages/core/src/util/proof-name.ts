/*
 * RFC 9470, section 4: acr_values is a list separated by spaces, in a quoted string of a header (RFC 9110, section
 * 5.6.4). So a name is printable ASCII without space, quote and backslash.
 */
const NAME = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

/** The form of a name, for messages. */
export const PROOF_NAME =
  'a name of 1 to 128 printable ASCII characters without space, quote and backslash';

/** True if a value can be the name of an authentication context class or method. */
export function isProofName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}
