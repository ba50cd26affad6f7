import type { AuthPart, SessionRecord } from '../store/record.js';
import { digest } from '../token/crypto.js';

/** The digest by which a record knows a cookie of a bound session. It is never that of an access token. */
export function boundDigest(secret: string): string {
  return digest(`bound-cookie.${secret}`);
}

/**
 * Returns what a sign-in or a re-authentication writes, with the key of the earlier session. A browser has to prove it for
 * the next cookie: the cookies before it would show the newer proof of the user.
 */
export function keepBinding(
  auth: AuthPart,
  _fresh: unknown,
  { binding }: AuthPart = auth,
): AuthPart {
  if (!binding) return auth;
  return { ...auth, binding: binding.cookies ? { ...binding, cookies: [] } : binding };
}

/** Returns a record without its binding: as the cookies from before it show the session, or for a key that was proved. */
export function unbind(record: SessionRecord): SessionRecord {
  const { binding: _binding, ...auth } = record.auth;
  return { ...record, auth };
}
