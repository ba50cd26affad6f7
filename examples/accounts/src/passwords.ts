import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** About 0.1 s and 32 MiB for each check: the figures of OWASP for scrypt. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };

/** The shortest password that is accepted: NIST SP 800-63B-4, section 3.1.1.2. Longer than `MAX` is refused. */
export const MIN = 15;
const MAX = 256;

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same characters, however a keyboard composes them.
    scrypt(password.normalize('NFKC'), salt, 32, COST, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** Returns what is stored for a password: a salt and a hash. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('base64url')}.${(await derive(password, salt)).toString('base64url')}`;
}

/** Compares a password with what is stored. Without a stored one it takes as long, and returns `false`. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [salt = '', hash = ''] = (stored ?? '').split('.');
  const expected = Buffer.from(hash, 'base64url');
  const actual = await derive(password.slice(0, MAX), Buffer.from(salt, 'base64url'));
  return expected.length === actual.length && timingSafeEqual(actual, expected);
}

/** True if a new password is long enough, and not so long that its hash costs more. */
export function isAcceptable(password: string): boolean {
  return [...password].length >= MIN && password.length <= MAX;
}
