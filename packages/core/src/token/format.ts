import { Buffer } from 'node:buffer';

/*
 * access-token  = "sat_" sid "." secret
 * refresh-token = "srt_" sid "." family generation "." secret
 * sid           = 32 base64url            ; 24 bytes
 * family        = 16 base64url            ; 12 bytes
 * generation    =  6 base64url            ; uint32, big-endian: the last of the six has four spare bits
 * secret        = 43 base64url            ; 32 bytes: the last has two spare bits
 *
 * Base64url as in RFC 4648, section 5, without padding. Spare bits must be zero, so that a token has
 * one spelling only. The prefixes are for secret scanners.
 */
const ACCESS = /^sat_[A-Za-z0-9_-]{32}\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const REFRESH =
  /^srt_[A-Za-z0-9_-]{32}\.[A-Za-z0-9_-]{21}[AQgw]\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const ACCESS_LENGTH = 80;
const REFRESH_LENGTH = 103;

/** The parts of an opaque access token. */
export interface AccessCredential {
  readonly sid: string;
  readonly secret: string;
}

/** The parts of a refresh token. The family encodes 12 bytes, the secret 32. */
export interface RefreshCredential {
  readonly sid: string;
  readonly family: string;
  readonly generation: number;
  readonly secret: string;
}

export function formatAccessToken({ sid, secret }: AccessCredential): string {
  return `sat_${sid}.${secret}`;
}

/** `undefined` for anything but the one right spelling; costs no hashing. */
export function parseAccessToken(token: unknown): AccessCredential | undefined {
  if (typeof token !== 'string' || token.length !== ACCESS_LENGTH || !ACCESS.test(token))
    return undefined;
  return { sid: token.slice(4, 36), secret: token.slice(37) };
}

/**
 * Returns the sid of a text that has the frame of an access token, without checking its spelling, which costs as much as
 * half a hash. Use it only to look up a cached record, whose digest must then match the secret.
 */
export function sidWithin(token: unknown): string | undefined {
  const isFramed =
    typeof token === 'string' &&
    token.length === ACCESS_LENGTH &&
    token.charCodeAt(36) === 0x2e &&
    token.startsWith('sat_');
  return isFramed ? token.slice(4, 36) : undefined;
}

/** The secret's text of a token that has the frame. */
export function secretWithin(token: string): string {
  return token.slice(37);
}

export function formatRefreshToken({ sid, family, generation, secret }: RefreshCredential): string {
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(generation);
  return `srt_${sid}.${family}${counter.toString('base64url')}.${secret}`;
}

/** `undefined` for anything but the one right spelling; costs no hashing. */
export function parseRefreshToken(token: unknown): RefreshCredential | undefined {
  if (typeof token !== 'string' || token.length !== REFRESH_LENGTH || !REFRESH.test(token))
    return undefined;
  return {
    sid: token.slice(4, 36),
    family: token.slice(37, 53),
    generation: Buffer.from(token.slice(53, 59), 'base64url').readUInt32BE(),
    secret: token.slice(60),
  };
}
