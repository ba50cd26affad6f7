import { Buffer } from 'node:buffer';
import { compactVerify, decodeProtectedHeader, EmbeddedJWK, exportSPKI, importSPKI } from 'jose';

/*
 * proof  = JWS compact serialization (RFC 7515, section 7.1)
 * header = {"typ":"dbsc+jwt","alg":"ES256"}, and at a registration "jwk"
 * claims = {"jti":challenge}
 */
const COMPACT = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
const TYPE = 'dbsc+jwt';
const MAX_LENGTH = 4_096;
const VERIFY = { algorithms: ['ES256'] };
const PEM = ['-----BEGIN PUBLIC KEY-----', '-----END PUBLIC KEY-----'] as const;

/** A proof that a browser sent. Nothing of it is verified. */
export interface DeviceProof {
  readonly jws: string;
  /** The challenge that it was made for. */
  readonly challenge: string;
  /** Whether it names a key, as only a registration may. */
  readonly hasKey: boolean;
}

/**
 * Returns the text of a header that browsers send as a string of RFC 9651, whose parameters are to be ignored, or as a bare
 * item.
 */
export function unquote(value: string | undefined): string | undefined {
  return value === undefined ? undefined : (/^"([^"]*)" *(?:;.*)?$/.exec(value)?.[1] ?? value);
}

/** Returns a proof, or `undefined` for anything that is not of its form. */
export function parseProof(value: string | undefined): DeviceProof | undefined {
  const jws = unquote(value);
  if (jws === undefined || jws.length > MAX_LENGTH) return undefined;
  const claims = COMPACT.exec(jws)?.[1];
  if (claims === undefined) return undefined;
  try {
    const header = decodeProtectedHeader(jws);
    const { jti } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti?: unknown };
    const isOurs = header.typ === TYPE && header.crit === undefined && typeof jti === 'string';
    if (!isOurs) return undefined;
    return { jws, challenge: jti, hasKey: header.jwk !== undefined };
  } catch {
    // Neither JSON nor a header: hostile input is a result.
    return undefined;
  }
}

/** Returns the key of a registration if the proof is signed with it: the SubjectPublicKeyInfo in base64url. */
export async function readKey({ jws }: DeviceProof): Promise<string | undefined> {
  try {
    const { key } = await compactVerify(jws, EmbeddedJWK, VERIFY);
    const pem = await exportSPKI(key as Parameters<typeof exportSPKI>[0]);
    return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('base64url');
  } catch {
    // A wrong signature, another algorithm, a private or an impossible key.
    return undefined;
  }
}

/** True if a proof is signed with the key, and does not name one itself. */
export async function isSignedBy(proof: DeviceProof, key: string): Promise<boolean> {
  if (proof.hasKey) return false;
  const text = Buffer.from(key, 'base64url').toString('base64');
  const imported = await importSPKI([PEM[0], text, PEM[1]].join('\n'), 'ES256');
  try {
    await compactVerify(proof.jws, imported, VERIFY);
    return true;
  } catch {
    // A wrong signature, or another algorithm.
    return false;
  }
}
