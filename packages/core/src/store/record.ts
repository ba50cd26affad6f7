import { isSameDigest } from '../token/crypto.js';
import type { Device } from '../types.js';

/** A live access token, or one that has lately run out. */
export interface AccessEntry {
  /** SHA-256 of the secret part of the token. */
  readonly digest: string;
  /** Epoch milliseconds, store time. */
  readonly expiresAt: number;
}

/** The step that made one generation from the one before. */
export interface RotationStep {
  /** 16 random bytes, base64url: together with the secret before, they give the secret after. */
  readonly salt: string;
  /** When the earlier generation was spent, in store time; absent for generation 0, made from nothing. */
  readonly spentAt?: number;
}

/** How a user proved who they are (OpenID Connect Core, section 2; RFC 8176). Both are absent if the sign-in named none. */
export interface Proof {
  /** The authentication context class: a name that the application chose. */
  readonly acr?: string;
  /** The authentication methods, such as `['pwd', 'otp']`. */
  readonly amr?: readonly string[];
}

/**
 * A family of tokens that a re-authentication replaced. Its client may not have received the new one yet, so these
 * tokens count for single requests until a token of the new family is presented.
 */
export interface FormerFamily extends Proof {
  /** When it ends in any case. Epoch milliseconds, store time. */
  readonly expiresAt: number;
  /** When its user had proved who they are. Epoch milliseconds, store time. */
  readonly authenticatedAt: number;
  /** Digest of its 12 bytes. */
  readonly family: string;
  /** Digest of the newest generation's secret. */
  readonly refresh: string;
  /** The generation of that secret. */
  readonly generation: number;
  /** The salt of the step that made it. */
  readonly salt: string;
  /** As `AuthPart.accessCount`, when it was replaced. */
  readonly accessCount: number;
  /** The access tokens that were live. */
  readonly access: readonly AccessEntry[];
}

/** The device that a browser session is bound to (W3C Device Bound Session Credentials). */
export interface DeviceBinding {
  readonly kind: 'dbsc';
  readonly jkt?: undefined;
  /** Its public key for ES256: the SubjectPublicKeyInfo in base64url. */
  readonly key: string;
  /** 16 random bytes, base64url: what the next proof has to sign is made of them. */
  readonly salt: string;
  /** How long a cookie lives. Milliseconds. */
  readonly cookieTtl: number;
  /** The live cookies, newest last, at most 8: digests as of `boundDigest`. */
  readonly cookies: readonly AccessEntry[];
  /** No such cookie has been presented, so the browser may not have received one. */
  readonly isPending: boolean;
  /** Until when the cookies from before the binding are accepted. Epoch milliseconds, store time. */
  readonly formerUntil: number;
}

/** The key that a client proves in each request (RFC 9449). */
export interface ProofBinding {
  readonly kind: 'dpop';
  /** SHA-256 thumbprint of its public key (RFC 7638), base64url. */
  readonly jkt: string;
  readonly cookies?: undefined;
  readonly isPending?: undefined;
}

/** What rotation, settling and elevation replace, always as a whole. Digests are never of anything but secrets. */
export interface AuthPart extends Proof {
  /** The session's end if nothing more happens: never later than `absoluteExpiresAt`. */
  readonly expiresAt: number;
  /** The end that use does not move; `elevate` sets it again. */
  readonly absoluteExpiresAt: number;
  /** When the user last proved who they are. */
  readonly authenticatedAt: number;
  /** When it was last refreshed; stores evict by it. */
  readonly lastUsedAt: number;
  /** The newest generation of refresh token. */
  readonly generation: number;
  /** Digest of the family's 12 bytes. */
  readonly family: string;
  /** Digest of the newest generation's secret. */
  readonly refresh: string;
  /** At most 8, newest last. */
  readonly access: readonly AccessEntry[];
  /** At most 8, oldest first, never empty; the last one made the newest generation. */
  readonly steps: readonly RotationStep[];
  /** Which access token of the newest generation is the newest: 0 for the first. */
  readonly accessCount: number;
  /** A token of the newest generation has been presented. */
  readonly acknowledged: boolean;
  /** An earlier token was replayed since the last rotation. */
  readonly replayed: boolean;
  /** Families before a re-authentication of which no token has been presented, oldest first. Absent: none. */
  readonly former?: readonly FormerFamily[];
  /** The key without which the session's tokens are worthless. Absent: none. */
  readonly binding?: DeviceBinding | ProofBinding;
}

/** The lifetimes of one session, given at its sign-in. Milliseconds. */
export interface SessionLife {
  /** In place of the engine’s `idleTtl`. */
  readonly idleTtl: number;
  /** In place of the engine’s `absoluteTtl`. */
  readonly absoluteTtl: number;
  /** `false`: the cookie ends with the browser session. */
  readonly persistent: boolean;
}

/** A value that is taken once. */
export interface OnceValue {
  /** At most 64 characters; unique within the session. */
  readonly name: string;
  /** Frozen JSON. */
  readonly value: unknown;
  /** Epoch milliseconds, store time. */
  readonly expiresAt: number;
}

/** What `update` replaces, and what never changes beside it. */
export interface DataPart {
  /** 1 to 512 UTF-16 units. Never part of a key; keys have the tag of the `sid`. */
  readonly subject: string;
  /** As at the sign-in. */
  readonly device: Device;
  /** Frozen JSON. */
  readonly data: object;
  /** Absent: the lifetimes of the engine. */
  readonly life?: SessionLife;
  /** A visitor who has not signed in. Absent: a user. */
  readonly guest?: true;
  /** Values that are taken once, oldest first. Absent: none. */
  readonly once?: readonly OnceValue[];
  /** Random. It makes a write that must succeed once differ from the same write of another process. */
  readonly stamp?: string;
}

/**
 * A session as stores keep it. The two parts have versions of their own, so that a patch and a rotation
 * never disturb each other. Times are epoch milliseconds of the store's clock.
 */
export interface SessionRecord {
  /** The tag of the subject, 16 characters, and 16 random ones; base64url. */
  readonly sid: string;
  /** When the user signed in; removals refuse records by it. */
  readonly createdAt: number;
  /** Counts the changes of `auth`, from 1. `replaceAuth` compares it. */
  readonly authVersion: number;
  /** Counts the changes of `data`, from 1. `replaceData` compares it. */
  readonly dataVersion: number;
  /** Tokens and deadlines; replaced as a whole. */
  readonly auth: AuthPart;
  /** The subject and its data; replaced as a whole. */
  readonly data: DataPart;
}

/** True if the record is that of a visitor who has not signed in. */
export function isGuest(record: SessionRecord): boolean {
  return record.data.guest === true;
}

/** Whether the session is over at store time `at`. */
export function isExpired(record: SessionRecord, at: number): boolean {
  return at >= record.auth.expiresAt;
}

/** The place of a digest among the live access tokens, or -1; newest first, as it is the likeliest. */
export function findAccess(auth: AuthPart, presented: string): number {
  return findDigest(auth.access, presented);
}

/** Returns the place of a digest among access tokens, or -1; newest first. */
export function findDigest(access: readonly AccessEntry[], presented: string): number {
  for (let index = access.length - 1; index >= 0; index -= 1) {
    const entry = access[index];
    if (entry !== undefined && isSameDigest(entry.digest, presented)) return index;
  }
  return -1;
}

/** Whether the access token at `entry` works at store time `at`. */
export function isLive(record: SessionRecord, entry: number, at: number): boolean {
  return !isExpired(record, at) && at < (record.auth.access[entry]?.expiresAt ?? 0);
}

/** Orders sessions oldest first; those of one millisecond by their id, so that every store agrees. */
export function compareByAge(left: SessionRecord, right: SessionRecord): number {
  if (left.createdAt !== right.createdAt) return left.createdAt - right.createdAt;
  return left.sid < right.sid ? -1 : 1;
}
