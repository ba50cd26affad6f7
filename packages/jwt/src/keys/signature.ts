import { Buffer } from 'node:buffer';
import * as crypto from 'node:crypto';
import { type CryptoKey, compactVerify, errors } from 'jose';

/** Whether a token's signature is that of a key. */
export type SignatureCheck = (token: string) => boolean | Promise<boolean>;

/** How `node:crypto` checks the signatures of an algorithm, and an example of an RFC that it has to get right. */
interface Scheme {
  readonly hash: string | undefined;
  readonly bytes: number;
  readonly jwk: crypto.JsonWebKey;
  readonly example: string;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  [
    'ES256',
    {
      hash: 'sha256',
      bytes: 64,
      // RFC 7515, appendix A.3
      jwk: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
      example:
        'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
    },
  ],
  [
    'EdDSA',
    {
      hash: undefined,
      bytes: 64,
      // RFC 8037, appendix A.4
      jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      example:
        'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    },
  ],
]);

/** The algorithms of which this runtime's `node:crypto` gets the RFC's example right, which not every runtime's does. */
const AT_ONCE: ReadonlySet<string> = new Set([...SCHEMES.keys()].filter(isKnownHere));

/**
 * Checks signatures of a key pair by the one algorithm that the key has. By `node:crypto` where it can: it
 * answers at once, and in less time than it takes WebCrypto to have a thread do it. What is checked is one spelling of
 * a token, as the reader has made sure.
 */
export function createSignatureCheck(key: CryptoKey, alg: string): SignatureCheck {
  const scheme = AT_ONCE.has(alg) ? SCHEMES.get(alg) : undefined;
  if (scheme === undefined) return (token) => isSignedBy(token, key, alg);
  return checkAtOnce(crypto.KeyObject.from(key as crypto.webcrypto.CryptoKey), scheme);
}

function checkAtOnce(key: crypto.KeyObject, { hash, bytes }: Scheme): (token: string) => boolean {
  const material = { key, dsaEncoding: 'ieee-p1363' } as const;
  return (token) => {
    const dot = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(dot + 1), 'base64url');
    if (signature.length !== bytes) return false;
    return crypto.verify(hash, Buffer.from(token.slice(0, dot), 'latin1'), material, signature);
  };
}

function isKnownHere(alg: string): boolean {
  const scheme = SCHEMES.get(alg);
  if (scheme === undefined) return false;
  try {
    const key = crypto.createPublicKey({ key: scheme.jwk, format: 'jwk' });
    const check = checkAtOnce(key, scheme);
    const changed = scheme.example.replace('.', 'A.');
    return typeof crypto.KeyObject.from === 'function' && check(scheme.example) && !check(changed);
  } catch {
    // It has no such function, or no such algorithm: WebCrypto has.
    return false;
  }
}

async function isSignedBy(token: string, key: CryptoKey, alg: string): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
