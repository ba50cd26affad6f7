import { digest, type RefreshCredential } from '@sess/core/internal';
import type { DeviceBinding } from '@sess/core/store';

/*
 * Challenges are computed from what the record or the cookie has, so none is stored, and asking for one writes nothing.
 */

/** The challenge of a registration. The family is random at each sign-in, and in the cookie that comes with the proof. */
export function registrationChallenge({
  sid,
  family,
}: Pick<RefreshCredential, 'sid' | 'family'>): string {
  return digest(`dbsc-register.${sid}.${family}`);
}

/** The challenge of a renewal. Each renewal and re-authentication changes the salt, so it is good once. */
export function renewalChallenge(sid: string, { salt }: DeviceBinding): string {
  return digest(`dbsc-renew.${sid}.${salt}`);
}
