import { createHash, randomBytes } from 'node:crypto';
import type { AuthPart, DataPart, FormerFamily, SessionRecord } from '@sess/core/store';

const MINUTE = 60_000;

function random(characters: number): string {
  return randomBytes(characters).toString('base64url').slice(0, characters);
}

/** The tag of a subject, computed here by itself so that a suite does not lean on what it tests. */
export function tagFor(subject: string): string {
  return createHash('sha256').update(subject, 'utf8').digest('base64url').slice(0, 16);
}

/** A session record as an engine would make it, with every kind of field filled. */
export function createRecord(
  given: { readonly now: number; readonly subject?: string; readonly data?: object } & {
    readonly auth?: Partial<AuthPart>;
    readonly createdAt?: number;
    /** Members that few sessions have. */
    readonly more?: Pick<DataPart, 'life' | 'guest' | 'once' | 'stamp'>;
  },
): SessionRecord {
  const { now, subject = 'ada', data = { handle: 'ada', roles: [], nested: {} } } = given;
  const { createdAt = now } = given;
  return {
    sid: tagFor(subject) + random(16),
    createdAt,
    authVersion: 1,
    dataVersion: 1,
    auth: { ...createAuth(now), lastUsedAt: createdAt, ...given.auth },
    data: {
      subject,
      device: { userAgent: 'suite/1.0 ("quoted", ünïcode)', ip: '127.0.0.1' },
      data,
      ...given.more,
    },
  };
}

/** A family that a re-authentication replaced, with fresh digests. */
export function createFormerFamily(now: number): FormerFamily {
  return {
    expiresAt: now + 5 * MINUTE,
    authenticatedAt: now - MINUTE,
    family: random(22),
    refresh: random(22),
    generation: 2,
    salt: random(22),
    accessCount: 0,
    access: [{ digest: random(22), expiresAt: now + MINUTE }],
    acr: 'urn:acr:one',
    amr: ['pwd'],
  };
}

/** What a session may be bound to: a device, or a key that is proved in each request. */
export function createBindings(now: number): readonly NonNullable<AuthPart['binding']>[] {
  const cookies = [{ digest: random(22), expiresAt: now + MINUTE }];
  const device = {
    kind: 'dbsc' as const,
    key: random(122),
    salt: random(22),
    cookieTtl: 10 * MINUTE,
    cookies,
    isPending: false,
    formerUntil: now + MINUTE,
  };
  return [
    device,
    { ...device, cookies: [...cookies, ...cookies], isPending: true, formerUntil: 0 },
    { kind: 'dpop', jkt: random(43) },
  ];
}

/** An auth part with fresh digests. */
export function createAuth(now: number): AuthPart {
  return {
    expiresAt: now + 10 * MINUTE,
    absoluteExpiresAt: now + 20 * MINUTE,
    authenticatedAt: now,
    lastUsedAt: now,
    generation: 3,
    family: random(22),
    refresh: random(22),
    access: [
      { digest: random(22), expiresAt: now + MINUTE },
      { digest: random(22), expiresAt: now + 2 * MINUTE },
    ],
    steps: [
      { salt: random(22), spentAt: now - 5 },
      { salt: random(22), spentAt: now },
    ],
    accessCount: 1,
    acknowledged: false,
    replayed: true,
  };
}

/** The context of a write: a new operation, and a deadline that a busy machine does not miss. */
export function createWrite(now: number): {
  readonly notAfter: number;
  readonly operation: string;
} {
  return { notAfter: now + 30_000, operation: random(16) };
}
