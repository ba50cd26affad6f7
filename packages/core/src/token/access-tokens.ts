import { type AccessCredential, formatAccessToken, parseAccessToken } from './format.js';

/** How access tokens are written and read: the port that other kinds of token fill. */
export interface AccessTokens {
  readonly kind: string;
  /** The text of a token whose secret was derived by the engine. */
  format(credential: AccessCredential): string;
  /** What a token says, or `undefined` when it is not of this form. Costs no hashing. */
  parse(token: unknown): AccessCredential | undefined;
}

/** Opaque access tokens, `sat_<sid>.<secret>`: looked up at every verification, dead the moment they are revoked. */
export function opaque(): AccessTokens {
  return { kind: 'opaque', format: formatAccessToken, parse: parseAccessToken };
}
