import type { AuthPart } from '../store/record.js';
import { deriveAccessSecret, digest, encodeBase64Url, type RandomBytes } from '../token/crypto.js';

/** Fresh secrets, and the auth part that holds their digests. */
export interface FreshAuth {
  readonly auth: AuthPart;
  readonly family: string;
  readonly generation: number;
  readonly refreshSecret: string;
  readonly accessSecret: string;
}

/** The first generation of a new family: what a sign-in and a re-authentication give, tied to nothing before. */
export function createTokenFamily(context: {
  readonly at: number;
  readonly policy: {
    readonly accessTtl: number;
    readonly idleTtl: number;
    readonly absoluteTtl: number;
  };
  readonly random: RandomBytes;
}): FreshAuth {
  const { at, policy, random } = context;
  const family = encodeBase64Url(random(12));
  const refreshSecret = encodeBase64Url(random(32));
  const salt = encodeBase64Url(random(16));
  const accessSecret = deriveAccessSecret(refreshSecret, salt, 0);
  const absoluteExpiresAt = at + policy.absoluteTtl;
  const expiresAt = Math.min(at + policy.idleTtl, absoluteExpiresAt);
  return {
    family,
    generation: 0,
    refreshSecret,
    accessSecret,
    auth: {
      expiresAt,
      absoluteExpiresAt,
      authenticatedAt: at,
      lastUsedAt: at,
      generation: 0,
      family: digest(family),
      refresh: digest(refreshSecret),
      access: [
        { digest: digest(accessSecret), expiresAt: Math.min(at + policy.accessTtl, expiresAt) },
      ],
      steps: [{ salt }],
      accessCount: 0,
      // There is no earlier generation whose grace could depend on it.
      acknowledged: true,
      replayed: false,
    },
  };
}
