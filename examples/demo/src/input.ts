import type { CreateInput } from '@sess/core';
import type { JsonObject } from './body.js';
import { Problem } from './problem.js';

const LONGEST_USER = 512;

/**
 * Returns the sign-in of `{"user", "device"?}`. The demo accepts every user; an application checks a password or a
 * passkey here.
 *
 * @throws {Problem}
 */
export function readSignIn({ user, device }: JsonObject): CreateInput {
  if (typeof user !== 'string' || user === '' || user.length > LONGEST_USER) {
    throw new Problem('invalid_user');
  }
  if (!user.isWellFormed()) throw new Problem('invalid_user');
  if (device === undefined || device === null) return { subject: user };
  if (typeof device !== 'string') throw new Problem('invalid_device');
  return { subject: user, device: { label: device } };
}
