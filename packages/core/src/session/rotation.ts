import type { AuthPart, SessionRecord } from '../store/record.js';
import { isExpired } from '../store/record.js';
import {
  deriveAccessSecret,
  deriveRefreshSecret,
  digest,
  encodeBase64Url,
  isSameDigest,
  type RandomBytes,
} from '../token/crypto.js';
import type { RefreshCredential } from '../token/format.js';
import { addAccess, addStep, deriveLatestSecret, latestStep } from './steps.js';

/** Tokens with less to live are not handed out: in whole seconds that is nothing. Milliseconds. */
const SHORTEST_LIFE = 1_000;

/** What rotation needs to know; times in milliseconds. */
export interface RotationPolicy {
  readonly accessTtl: number;
  readonly accessOverlap: number;
  readonly idleTtl: number;
  readonly grace: number;
}

/** What a presented refresh token leads to. */
export type RotationDecision =
  | { readonly kind: 'reject'; readonly reason: 'unknown' | 'expired' }
  /** The session has to be removed. */
  | { readonly kind: 'end'; readonly cause: 'reuse' | 'lost-writes' }
  /** The newest pair. Nothing is to be written when `auth` is the record's own. */
  | {
      readonly kind: 'answer';
      readonly auth: AuthPart;
      readonly generation: number;
      readonly refreshSecret: string;
      readonly accessSecret: string;
      readonly replayed: boolean;
    };

/** One refresh token held against one record at one moment of the store's time. */
export interface RefreshAttempt {
  readonly record: SessionRecord;
  readonly token: RefreshCredential;
  readonly at: number;
  readonly policy: RotationPolicy;
  readonly random: RandomBytes;
  /** The newest access token must not be handed out again. */
  readonly isAccessDead?: boolean;
}

const UNKNOWN: RotationDecision = { kind: 'reject', reason: 'unknown' };
const EXPIRED: RotationDecision = { kind: 'reject', reason: 'expired' };

/**
 * Decides what a refresh token gets, without touching anything: rotation with reuse detection
 * (RFC 9700, section 4.14.2) in which every concurrent, repeated or late presentation of one token by an
 * honest client gets the same successor.
 */
export function decideRefresh(presentation: RefreshAttempt): RotationDecision {
  const { record, token, at, policy } = presentation;
  const { auth } = record;
  if (!isSameDigest(digest(token.family), auth.family)) return UNKNOWN;
  if (isExpired(record, at)) return EXPIRED;
  if (token.generation > auth.generation) return { kind: 'end', cause: 'lost-writes' };
  const decision =
    token.generation === auth.generation
      ? refreshLatest(presentation)
      : refreshEarlier(presentation);
  // An answer that comes to nothing: a cookie with `Max-Age=0` deletes what the jar holds. Where idle times are so short
  // that a second is much of them, a little more is promised than kept.
  const isBrief =
    decision.kind === 'answer' &&
    decision.auth.expiresAt - at < Math.min(SHORTEST_LIFE, policy.idleTtl / 10);
  return isBrief ? EXPIRED : decision;
}

/**
 * Whether a refresh token belongs to the session, as far as can be told, without rotating it. An earlier
 * token whose step is forgotten proves itself by its family alone, which only a holder can know.
 */
export function isGenuine({ record, token }: Pick<RefreshAttempt, 'record' | 'token'>): boolean {
  const { auth } = record;
  if (!isSameDigest(digest(token.family), auth.family)) return false;
  if (token.generation > auth.generation) return true;
  const first = auth.steps.length - (auth.generation - token.generation);
  return (
    first < 0 ||
    isSameDigest(digest(deriveLatestSecret(token.secret, auth.steps.slice(first))), auth.refresh)
  );
}

function refreshLatest(presentation: RefreshAttempt): RotationDecision {
  const { record, token, at, policy } = presentation;
  const { auth } = record;
  if (!isSameDigest(digest(token.secret), auth.refresh)) return UNKNOWN;
  const spentAt = latestStep(auth).spentAt;
  // After a replay, answers with an older and a newer token may arrive in either order. Until they have,
  // the newest token stays the newest, so that neither order leaves a spent one in the cookie jar.
  // A hold does not move the idle deadline, so it must end well before that.
  const held = Math.min(2 * policy.grace, policy.idleTtl / 2);
  const isHeld = auth.replayed && spentAt !== undefined && at < spentAt + held;
  return isHeld ? repeat(presentation, token.secret, { acknowledged: true }) : rotate(presentation);
}

function refreshEarlier(presentation: RefreshAttempt): RotationDecision {
  const { record, token, at, policy } = presentation;
  const { auth } = record;
  const first = auth.steps.length - (auth.generation - token.generation);
  const step = auth.steps[first];
  if (step === undefined) return { kind: 'end', cause: 'reuse' };

  const newest = deriveLatestSecret(token.secret, auth.steps.slice(first));
  if (!isSameDigest(digest(newest), auth.refresh)) return UNKNOWN;

  if (at - (step.spentAt ?? at) < policy.grace)
    return repeat(presentation, newest, { replayed: true });
  // The successor was never used, so its holder may never have received it: the grace starts again.
  if (first === auth.steps.length - 1 && !auth.acknowledged) {
    const steps = [...auth.steps.slice(0, -1), { ...step, spentAt: at }];
    return repeat(presentation, newest, { replayed: true, steps });
  }
  return { kind: 'end', cause: 'reuse' };
}

/** Makes the next generation. */
function rotate({ record, token, at, policy, random }: RefreshAttempt): RotationDecision {
  const { auth } = record;
  const expiresAt = Math.min(at + policy.idleTtl, auth.absoluteExpiresAt);
  const salt = encodeBase64Url(random(16));
  const refreshSecret = deriveRefreshSecret(token.secret, salt);
  const accessSecret = deriveAccessSecret(refreshSecret, salt, 0);
  const earlier = auth.access
    .filter((entry) => entry.expiresAt > at)
    .map((entry) => ({
      ...entry,
      expiresAt: Math.min(entry.expiresAt, at + policy.accessOverlap),
    }));
  return {
    kind: 'answer',
    generation: auth.generation + 1,
    refreshSecret,
    accessSecret,
    replayed: false,
    auth: {
      expiresAt,
      absoluteExpiresAt: auth.absoluteExpiresAt,
      authenticatedAt: auth.authenticatedAt,
      lastUsedAt: at,
      generation: auth.generation + 1,
      family: auth.family,
      refresh: digest(refreshSecret),
      access: addAccess(earlier, {
        digest: digest(accessSecret),
        expiresAt: Math.min(at + policy.accessTtl, expiresAt),
      }),
      steps: addStep(auth.steps, { salt, spentAt: at }, policy.grace),
      accessCount: 0,
      acknowledged: false,
      replayed: false,
    },
  };
}

/** Answers with the newest pair again; only an access token that has run out, or is dead, is made anew. */
function repeat(
  { record, token, at, policy, isAccessDead = false }: RefreshAttempt,
  refreshSecret: string,
  change: Partial<Pick<AuthPart, 'acknowledged' | 'replayed' | 'steps'>>,
): RotationDecision {
  const { auth } = record;
  const { salt } = latestStep(auth);
  // A token that is about to run out would be of no use to whoever gets it now.
  const shortest = Math.min(SHORTEST_LIFE, policy.accessTtl / 10);
  const isSpent = isAccessDead || (auth.access.at(-1)?.expiresAt ?? 0) <= at + shortest;
  const accessCount = auth.accessCount + (isSpent ? 1 : 0);
  const accessSecret = deriveAccessSecret(refreshSecret, salt, accessCount);
  const expiresAt = Math.min(at + policy.accessTtl, auth.expiresAt);
  const access = isSpent
    ? addAccess(auth.access, { digest: digest(accessSecret), expiresAt })
    : auth.access;
  const isSame =
    !isSpent &&
    change.steps === undefined &&
    (change.acknowledged ?? auth.acknowledged) === auth.acknowledged &&
    (change.replayed ?? auth.replayed) === auth.replayed;
  return {
    kind: 'answer',
    generation: auth.generation,
    refreshSecret,
    accessSecret,
    replayed: token.generation < auth.generation,
    auth: isSame ? auth : { ...auth, ...change, access, accessCount },
  };
}
