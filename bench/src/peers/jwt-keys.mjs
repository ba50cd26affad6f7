// One key per algorithm for all contenders, and the tokens of the peers: the claims of @sess under the usual `typ`,
// as not all of them take `at+jwt`.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { importPem, secretKey } from '@sess/jwt';
import { decodeJwt, importPKCS8, importSPKI, SignJWT } from 'jose';

const ENCODING = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};

/**
 * @returns `own` for ours; `verifying` for jose, imported once, as its documentation has it; `text` for those who
 *   take a secret or a PEM
 */
export async function createKeys(alg) {
  if (alg === 'HS256') {
    const secret = randomBytes(32).toString('base64url');
    const bytes = new TextEncoder().encode(secret);
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign', 'verify']);
    return { alg, own: secretKey(secret), signing: key, verifying: key, text: secret };
  }
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', ...ENCODING });
  return {
    alg,
    own: await importPem(privateKey, { alg }),
    signing: await importPKCS8(privateKey, alg),
    verifying: await importSPKI(publicKey, alg),
    text: publicKey,
  };
}

/** The same claims, signed again. */
export function signForPeers({ alg, signing }, token) {
  return new SignJWT(decodeJwt(token)).setProtectedHeader({ alg, typ: 'JWT' }).sign(signing);
}
