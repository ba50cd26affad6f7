import { Buffer } from 'node:buffer';
import { UsageError } from '@sess/core';
import { assertKnown, formatValue } from '@sess/core/options';
import {
  CompactSign,
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importPKCS8,
  importSPKI,
  type JWK,
  importJWK as joseImportJwk,
} from 'jose';
import { ALGORITHM_NAMES, ALGORITHMS, isAlgorithm, type JwtAlgorithm } from './algorithms.js';
import { JwtKey } from './key.js';
import { assertKid } from './kid.js';
import { bitsOf } from './published-set.js';
import { secretKey } from './secret-key.js';
import { createSignatureCheck } from './signature.js';

/** What a key is called, and what it is for. */
export interface KeyOptions {
  /** What the key signs with. Needed where the key does not say it. */
  readonly alg?: JwtAlgorithm;
  /** Default: the key's own `kid`, or its thumbprint (RFC 7638). */
  readonly kid?: string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof KeyOptions>(['alg', 'kid']);

const encoder = new TextEncoder();

/**
 * A new key pair. It lives in this process only, unless `exportPrivateJwk()` is kept and imported at the next start.
 *
 * @throws UsageError `invalid_option`
 */
export async function generateKey(
  alg: Exclude<JwtAlgorithm, `HS${string}`> = 'ES256',
  options: Pick<KeyOptions, 'kid'> = {},
): Promise<JwtKey> {
  assertAsymmetric('generateKey', alg);
  assertKnown('generateKey', options, KNOWN);
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return importJwk(await exportJWK(privateKey), { ...options, alg });
}

/**
 * A key from a JWK (RFC 7517): a private one signs and verifies, a public one only verifies, an `oct` one is a secret.
 *
 * @throws UsageError `invalid_option` for what is no such key, has no algorithm, or is too short
 */
export async function importJwk(jwk: Readonly<JWK>, options: KeyOptions = {}): Promise<JwtKey> {
  assertKnown('importJwk', options, KNOWN);
  if (typeof jwk !== 'object' || jwk === null) {
    throw invalid('importJwk: write a JWK, an object with the member kty.');
  }
  const alg = fixAlgorithm(jwk, options.alg);
  const traits = ALGORITHMS[alg];
  if (traits.kty !== jwk.kty || ('crv' in traits && traits.crv !== jwk.crv)) {
    throw invalid(
      `importJwk: a key of type ${formatValue(jwk.kty ?? '(none)')} ${formatValue(jwk.crv ?? '')} cannot be used for ${alg}.`,
    );
  }
  if (jwk.use !== undefined && jwk.use !== 'sig') {
    throw invalid(`importJwk: the key is for '${formatValue(jwk.use)}', not for signatures.`);
  }
  if (jwk.key_ops !== undefined && !isForSignatures(jwk.key_ops)) {
    throw invalid('importJwk: by its key_ops the key is not for signatures.');
  }
  const kid = options.kid ?? jwk.kid;
  if (traits.kty === 'oct') {
    return secretKey(decodeSecret(jwk.k), {
      alg: alg as 'HS256',
      ...(kid === undefined ? {} : { kid }),
    });
  }
  if ('minBits' in traits && bitsOf(jwk.n) < traits.minBits) {
    throw invalid(`importJwk: ${alg} needs a key of ${traits.minBits} bits or more.`);
  }
  return createAsymmetricKey(jwk, { alg, kid });
}

/**
 * A key from PEM text: PKCS #8 (`BEGIN PRIVATE KEY`) signs and verifies, SPKI (`BEGIN PUBLIC KEY`) only verifies.
 *
 * @throws UsageError `invalid_option`
 */
export async function importPem(
  pem: string,
  options: KeyOptions & Required<Pick<KeyOptions, 'alg'>>,
): Promise<JwtKey> {
  const alg: unknown = options?.alg;
  assertAsymmetric('importPem', alg);
  const text = typeof pem === 'string' ? pem.trim() : '';
  const isPrivate = text.startsWith('-----BEGIN PRIVATE KEY-----');
  try {
    const key = isPrivate
      ? await importPKCS8(text, alg, { extractable: true })
      : await importSPKI(text, alg, { extractable: true });
    return await importJwk(await exportJWK(key), { ...options, alg });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw invalid(
      `importPem: this is no key for ${alg}. Write PKCS #8 (BEGIN PRIVATE KEY) or SPKI (BEGIN PUBLIC KEY) text.`,
    );
  }
}

async function createAsymmetricKey(
  jwk: Readonly<JWK>,
  { alg, kid }: { readonly alg: JwtAlgorithm; readonly kid: string | undefined },
): Promise<JwtKey> {
  const publicPart = Object.fromEntries(
    Object.entries(jwk).filter(([member]) => ['kty', 'crv', 'x', 'y', 'n', 'e'].includes(member)),
  ) as JWK;
  const isPrivate = jwk.d !== undefined;
  const [verifying, signing, name] = await Promise.all([
    importPart(publicPart, alg),
    isPrivate ? importPart(withoutUsage(jwk), alg) : undefined,
    kid ?? calculateJwkThumbprint(publicPart),
  ]);
  assertKid(name);
  const key = new JwtKey(
    { kid: name, alg },
    {
      ...(signing === undefined
        ? {}
        : {
            sign: (header: object, payload: string) =>
              new CompactSign(encoder.encode(payload))
                .setProtectedHeader(header as { alg: string })
                .sign(signing),
            exportPrivateJwk: async () => ({ ...withoutUsage(jwk), kid: name, alg, use: 'sig' }),
          }),
      verify: createSignatureCheck(verifying, alg),
      publicJwk: Object.freeze({ ...publicPart, kid: name, alg, use: 'sig' }),
    },
  );
  if (signing !== undefined) await assertPair(key);
  return key;
}

/** Parts of two key pairs put together would sign what nobody can verify. */
async function assertPair(key: JwtKey): Promise<void> {
  try {
    if (await key.verify(await key.sign('{}'))) return;
  } catch {
    // Some runtimes notice when they sign.
  }
  throw invalid('importJwk: the private and the public part are not of one key.');
}

async function importPart(jwk: JWK, alg: JwtAlgorithm): Promise<CryptoKey> {
  try {
    const key = await joseImportJwk(jwk, alg, { extractable: false });
    if (!(key instanceof Uint8Array)) return key;
  } catch {
    // The message of the runtime may quote the key.
  }
  throw invalid(`importJwk: the members of this key make no key for ${alg}.`);
}

/** RFC 7517, section 4.3. */
function isForSignatures(operations: unknown): boolean {
  return (
    Array.isArray(operations) && operations.some((name) => name === 'sign' || name === 'verify')
  );
}

function withoutUsage({ key_ops: _, ext: __, ...jwk }: Readonly<JWK>): JWK {
  return jwk;
}

/** The key's own algorithm, the caller's, or the only one that there is for its curve (RFC 8725, section 3.1). */
function fixAlgorithm(jwk: Readonly<JWK>, given: JwtAlgorithm | undefined): JwtAlgorithm {
  const own = jwk.alg === 'Ed25519' ? 'EdDSA' : jwk.alg;
  const byCurve = { 'P-256': 'ES256', Ed25519: 'EdDSA' }[formatValue(jwk.crv)];
  const alg = given ?? own ?? byCurve;
  if (given !== undefined && own !== undefined && given !== own) {
    throw invalid(
      `importJwk: the key says ${formatValue(own)}, and the option ${formatValue(given)}. A key has one algorithm.`,
    );
  }
  if (isAlgorithm(alg)) return alg;
  throw invalid(
    alg === undefined
      ? `importJwk: the key has no alg. Say which one it is for: ${ALGORITHM_NAMES}.`
      : `importJwk: alg '${formatValue(alg)}' will not do. Write one of ${ALGORITHM_NAMES}.`,
  );
}

function assertAsymmetric(
  name: string,
  alg: unknown,
): asserts alg is Exclude<JwtAlgorithm, `HS${string}`> {
  if (isAlgorithm(alg) && ALGORITHMS[alg].kty !== 'oct') return;
  throw invalid(
    `${name}: alg '${formatValue(alg)}' will not do. Write ES256, EdDSA, RS256 or PS256.`,
  );
}

function decodeSecret(k: unknown): Uint8Array {
  if (typeof k === 'string' && /^[A-Za-z0-9_-]+$/.test(k)) return Buffer.from(k, 'base64url');
  throw invalid("importJwk: a key of type oct needs the member 'k' in base64url.");
}

function invalid(message: string): UsageError {
  return new UsageError('invalid_option', message);
}
