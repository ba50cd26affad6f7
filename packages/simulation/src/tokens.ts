import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

/** The parts of a refresh token. */
export interface RefreshParts {
  readonly sid: string;
  readonly family: string;
  readonly generation: number;
  readonly secret: string;
}

/** Reads a genuine refresh token: `srt_<sid>.<family><generation>.<secret>`. */
export function partsOf(token: string): RefreshParts {
  return {
    sid: token.slice(4, 36),
    family: token.slice(37, 53),
    generation: Buffer.from(token.slice(53, 59), 'base64url').readUInt32BE(),
    secret: token.slice(60),
  };
}

/** A family or a secret as a record keeps it. */
export function digestOf(part: string): string {
  return createHash('sha256').update(part).digest('base64url').slice(0, 22);
}

/** The subject's part of a session id. */
export function tagOf(sid: string): string {
  return sid.slice(0, 16);
}
