import { type AccessEntry, type AuthPart, findDigest } from '../store/record.js';
import { digest } from '../token/crypto.js';
import { bindingOf } from './proof.js';

/** True unless the session is bound to another key than the one that the client has proved. */
export function isProven({ binding }: AuthPart, jkt: string | undefined): boolean {
  return binding?.kind !== 'dpop' || binding.jkt === jkt;
}

/** Returns the member of an auth part for a key that the client has proved; no member without one. */
export function bindTo(jkt: string | undefined): Pick<AuthPart, 'binding'> {
  return jkt === undefined ? {} : { binding: Object.freeze({ kind: 'dpop', jkt }) };
}

/** The digest by which a record knows a cookie of a bound session. It is never that of an access token. */
export function boundDigest(secret: string): string {
  return digest(`bound-cookie.${secret}`);
}

/** Returns the entry of a cookie of a bound session, also of one that has run out. */
export function findCookie({ binding }: AuthPart, secret: string): AccessEntry | undefined {
  if (binding?.kind !== 'dbsc') return undefined;
  return binding.cookies[findDigest(binding.cookies, boundDigest(secret))];
}

/**
 * Returns the binding after a re-authentication: the key stays, and the only cookie is the new refresh token. A browser
 * that may not know of its binding yet is offered another one.
 */
export function rebind(
  { binding }: AuthPart,
  { auth, refreshSecret }: { readonly auth: AuthPart; readonly refreshSecret: string },
  jkt: string | undefined,
): Pick<AuthPart, 'binding'> {
  if (jkt !== undefined) return bindTo(jkt);
  if (binding?.kind !== 'dbsc') return bindingOf({ binding });
  if (binding.isPending) return {};
  const expiresAt = auth.authenticatedAt + binding.cookieTtl;
  const cookies = [{ digest: boundDigest(refreshSecret), expiresAt }];
  return { binding: { ...binding, salt: auth.steps[0]?.salt ?? '', cookies, formerUntil: 0 } };
}
