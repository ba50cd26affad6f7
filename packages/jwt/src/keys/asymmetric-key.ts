import { Buffer } from 'node:buffer';
import { UsageError } from '@sess/core';
import { assertKnown, formatShort, formatValue } from '@sess/core/internal';
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
import { bitsOf } from './jwks.js';
import {
  ALGORITHM_NAMES,
  ALGORITHMS,
  assertKid,
  createSignatureCheck,
  isAlgorithm,
  type JwtAlgorithm,
  JwtKey,
} from './key.js';
import { secretKey } from './secret-key.js';

/** Options of the functions that create or import a key. */
export interface KeyOptions {
  /** The algorithm of the key. Required if the key itself does not name one. */
  readonly alg?: JwtAlgorithm;
  /** Default: the key's own `kid`, or its thumbprint (RFC 7638). */
  readonly kid?: string;
}

const KNOWN: ReadonlySet<string> = new Set<keyof KeyOptions>(['alg', 'kid']);

const encoder = new TextEncoder();

/**
 * Creates a new key pair. It exists in this process only: to use it after a restart, keep the result of
 * `exportPrivateJwk()` and import it.
 *
 * @param alg default: ES256
 * @throws {UsageError} invalid_option
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
 * Creates a key from a JWK (RFC 7517). A private JWK signs and verifies, a public JWK only verifies, a JWK of type
 * `oct` is a secret.
 *
 * @throws {UsageError} invalid_option if the JWK is not valid, has no algorithm, or is too short
 */
export async function importJwk(jwk: Readonly<JWK>, options: KeyOptions = {}): Promise<JwtKey> {
  assertKnown('importJwk', options, KNOWN);
  if (typeof jwk !== 'object' || jwk === null) {
    throw invalid(
      `importJwk: expected a JWK, an object with the member kty, got ${formatShort(jwk)}.`,
    );
  }
  const alg = fixAlgorithm(jwk, options.alg);
  const traits = ALGORITHMS[alg];
  if (traits.kty !== jwk.kty || ('crv' in traits && traits.crv !== jwk.crv)) {
    throw invalid(
      `importJwk: expected a key for ${alg}, got one of type ${formatValue(jwk.kty ?? '(none)')} ${formatValue(jwk.crv ?? '')}.`,
    );
  }
  if (jwk.use !== undefined && jwk.use !== 'sig') {
    throw invalid(`importJwk: expected a key for signatures, got use ${formatShort(jwk.use)}.`);
  }
  if (jwk.key_ops !== undefined && !isForSignatures(jwk.key_ops)) {
    throw invalid('importJwk: expected a key for signatures, got other key_ops.');
  }
  const kid = options.kid ?? jwk.kid;
  if (traits.kty === 'oct') {
    return secretKey(decodeSecret(jwk.k), {
      alg: alg as 'HS256',
      ...(kid === undefined ? {} : { kid }),
    });
  }
  if ('minBits' in traits && bitsOf(jwk.n) < traits.minBits) {
    throw invalid(
      `importJwk: expected a key of at least ${traits.minBits} bits for ${alg}, got ${bitsOf(jwk.n)} bits.`,
    );
  }
  return createAsymmetricKey(jwk, { alg, kid });
}

/**
 * Creates a key from PEM text. PKCS #8 (`BEGIN PRIVATE KEY`) signs and verifies, SPKI (`BEGIN PUBLIC KEY`) only
 * verifies.
 *
 * @throws {UsageError} invalid_option if the text is not a key for `options.alg`
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
      `importPem: expected PKCS #8 (BEGIN PRIVATE KEY) or SPKI (BEGIN PUBLIC KEY) text of a key for ${alg}, got another text.`,
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

/** The private part of one pair with the public part of another would sign tokens that no key verifies. */
async function assertPair(key: JwtKey): Promise<void> {
  try {
    if (await key.verify(await key.sign('{}'))) return;
  } catch {
    // Some runtimes detect it when they sign.
  }
  throw invalid('importJwk: expected a private and a public part of one key, got parts of two.');
}

async function importPart(jwk: JWK, alg: JwtAlgorithm): Promise<CryptoKey> {
  try {
    const key = await joseImportJwk(jwk, alg, { extractable: false });
    if (!(key instanceof Uint8Array)) return key;
  } catch {
    // The message of the runtime may quote the key.
  }
  throw invalid(`importJwk: expected the members of a key for ${alg}, got an invalid key.`);
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

/** The algorithm of the key, of the caller, or the only one for its curve (RFC 8725, section 3.1). */
function fixAlgorithm(jwk: Readonly<JWK>, given: JwtAlgorithm | undefined): JwtAlgorithm {
  const own = jwk.alg === 'Ed25519' ? 'EdDSA' : jwk.alg;
  const byCurve = { 'P-256': 'ES256', Ed25519: 'EdDSA' }[formatValue(jwk.crv)];
  const alg = given ?? own ?? byCurve;
  if (given !== undefined && own !== undefined && given !== own) {
    throw invalid(
      `importJwk.alg: expected ${formatValue(own)}, the algorithm of the key, got ${formatShort(given)}.`,
    );
  }
  if (isAlgorithm(alg)) return alg;
  throw invalid(
    `importJwk.alg: expected one of ${ALGORITHM_NAMES}, got ${formatShort(alg)}. Write the algorithm that the key is for.`,
  );
}

function assertAsymmetric(
  name: string,
  alg: unknown,
): asserts alg is Exclude<JwtAlgorithm, `HS${string}`> {
  if (isAlgorithm(alg) && ALGORITHMS[alg].kty !== 'oct') return;
  throw invalid(`${name}.alg: expected ES256, EdDSA, RS256 or PS256, got ${formatShort(alg)}.`);
}

function decodeSecret(k: unknown): Uint8Array {
  if (typeof k === 'string' && /^[A-Za-z0-9_-]+$/.test(k)) return Buffer.from(k, 'base64url');
  throw invalid(
    "importJwk: expected the member 'k' in base64url for a key of type oct, got another value.",
  );
}

function invalid(message: string): UsageError {
  return new UsageError('invalid_option', message);
}
