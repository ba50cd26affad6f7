import { type CryptoKey, compactVerify, errors } from 'jose';

/** Whether a token's signature is that of a key pair, by the one algorithm that the key has. */
export async function isSignedBy(token: string, key: CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
