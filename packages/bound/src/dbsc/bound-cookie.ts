import {
  boundDigest,
  encodeBase64Url,
  formatRefreshToken,
  type RandomBytes,
} from '@sess/core/internal';
import type { DeviceBinding } from '@sess/core/store';

/** Live cookies of one session. A browser needs two; more are those of proofs whose responses were lost. */
const MAX_COOKIES = 8;

/** A cookie that was just made, and the binding that knows it. */
export interface BoundCookie {
  readonly binding: DeviceBinding;
  readonly refreshToken: string;
  /** Epoch milliseconds, store time. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/**
 * Makes the next cookie of a binding: fresh random bytes, because the browser renews without the earlier one, which may
 * have run out. Earlier cookies keep their time, as requests with them are on their way.
 *
 * @param given.until the end of the session
 */
export function createBoundCookie(given: {
  readonly sid: string;
  readonly binding: Omit<DeviceBinding, 'salt'>;
  readonly at: number;
  readonly until: number;
  readonly random: RandomBytes;
}): BoundCookie {
  const { sid, binding, at, until, random } = given;
  const secret = encodeBase64Url(random(32));
  const family = encodeBase64Url(random(12));
  const expiresAt = Math.min(at + binding.cookieTtl, until);
  const live = binding.cookies.filter((cookie) => cookie.expiresAt > at);
  const cookies = [...live.slice(1 - MAX_COOKIES), { digest: boundDigest(secret), expiresAt }];
  return {
    binding: { ...binding, salt: encodeBase64Url(random(16)), cookies },
    refreshToken: formatRefreshToken({ sid, family, generation: 0, secret }),
    issuedAt: at,
    expiresAt,
  };
}
