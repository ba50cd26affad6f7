import type { SessionRecord } from '../store/record.js';
import {
  type AccessEntry,
  type AuthPart,
  type FormerFamily,
  findDigest,
  isExpired,
} from '../store/record.js';
import {
  deriveAccessSecret,
  deriveRefreshSecret,
  digest,
  encodeBase64Url,
  isSameDigest,
  type RandomBytes,
} from '../token/crypto.js';
import type { RefreshCredential } from '../token/format.js';
import { boundDigest } from './binding.js';
import { acknowledged, findFormer } from './former.js';
import { proofOf } from './proof.js';
import {
  addStep,
  deriveLatestSecret,
  isForgiven,
  latestStep,
  MAX_ENTRIES,
  mustWait,
  type RotationPolicy,
} from './rotation-steps.js';

/** Tokens that are valid for less are not returned: their time in whole seconds would be 0. */
const MIN_TTL_MS = 1_000;

/** The outcome for a presented refresh token. */
export type RotationDecision =
  | {
      readonly kind: 'reject';
      readonly reason: 'unknown' | 'expired' | 'unbound';
      /** Called when a cookie is refused for it. */
      readonly report?: () => void;
    }
  /** The session has to be removed. */
  | { readonly kind: 'end'; readonly cause: 'reuse' | 'lost-writes' }
  | RotationAnswer;

/** What the client gets. If `auth` is the record's own, there is nothing to write. */
export interface RotationAnswer {
  readonly kind: 'answer';
  readonly auth: AuthPart;
  readonly generation: number;
  readonly refreshSecret: string;
  /** Empty for the presentation of a cookie. */
  readonly accessSecret: string;
  readonly replayed: boolean;
  /** True if the access token is one that the session has already. */
  readonly isRepeated: boolean;
  /** The family of the tokens, if a re-authentication replaced it: they show the session without the newer proof. */
  readonly former?: FormerFamily;
}

/** One refresh token, one record, and one moment of the store's time. */
export interface RefreshAttempt {
  readonly record: SessionRecord;
  readonly token: RefreshCredential;
  readonly at: number;
  readonly policy: RotationPolicy;
  readonly random: RandomBytes;
  /** The newest access token must not be returned again. */
  readonly isAccessDead?: boolean;
  /** `false`: the presentation of a cookie, which gets no access token. Default: `true`. */
  readonly withAccess?: boolean;
  /**
   * The token is a session cookie: it rotates at this age only, and a spent one is accepted for `overlap`. Milliseconds.
   */
  readonly renewAfter?: number | undefined;
}

/** For a token that is not one of the session. */
export const UNKNOWN: RotationDecision & { readonly kind: 'reject' } = {
  kind: 'reject',
  reason: 'unknown',
};
const EXPIRED: RotationDecision = { kind: 'reject', reason: 'expired' };

/**
 * Returns what a refresh token gets, without side effects: rotation with reuse detection (RFC 9700, section 4.14.2), in
 * which every concurrent, repeated or late presentation of one token by an honest client gets the same successor.
 */
export function decideRefresh(attempt: RefreshAttempt): RotationDecision {
  const { record, token, at, policy } = attempt;
  const { auth } = record;
  if (auth.binding) return { kind: 'reject', reason: auth.binding.jkt ? 'unbound' : 'unknown' };
  const former = isExpired(record, at) ? undefined : findFormer(auth, token, at);
  if (former !== undefined) return refreshFormer(attempt, former);
  if (!isSameDigest(digest(token.family), auth.family)) return UNKNOWN;
  if (isExpired(record, at)) return EXPIRED;
  if (token.generation > auth.generation) return { kind: 'end', cause: 'lost-writes' };
  const decision =
    token.generation === auth.generation ? refreshLatest(attempt) : refreshEarlier(attempt);
  // In whole seconds the remaining lifetime would be 0, and a cookie with `Max-Age=0` deletes what the client has.
  const isBrief =
    decision.kind === 'answer' &&
    decision.auth.expiresAt - at < Math.min(MIN_TTL_MS, policy.idleTtl / 10);
  return isBrief ? EXPIRED : decision;
}

/** What a refresh token is to a session. */
export type PresentedToken = 'foreign' | 'genuine' | 'spent' | 'newer';

/**
 * Returns whether a refresh token belongs to the session, without rotating it. `spent`: it does, and a refresh with it
 * would be reuse. `newer`: its generation is one that the record does not know. Of these, and of one whose step is no longer
 * remembered, the family alone is recognised, because the secret cannot be checked.
 */
export function inspectRefreshToken(
  attempt: Pick<RefreshAttempt, 'record' | 'token' | 'at'> & {
    readonly policy: Pick<RotationPolicy, 'grace'>;
  },
): PresentedToken {
  const { record, token, at, policy } = attempt;
  const { auth } = record;
  const isCookie = findDigest(auth.binding?.cookies ?? [], boundDigest(token.secret)) >= 0;
  if (isCookie || findFormer(auth, token, at) !== undefined) return 'genuine';
  if (!isSameDigest(digest(token.family), auth.family)) return 'foreign';
  if (token.generation > auth.generation) return 'newer';
  const first = auth.steps.length - (auth.generation - token.generation);
  if (first < 0) return 'spent';
  const latest = deriveLatestSecret(token.secret, auth.steps.slice(first));
  if (!isSameDigest(digest(latest), auth.refresh)) return 'foreign';
  const step = auth.steps[first];
  return step === undefined || isForgiven(auth, { step, at, grace: policy.grace })
    ? 'genuine'
    : 'spent';
}

function refreshLatest(attempt: RefreshAttempt): RotationDecision {
  const { record, token, at, policy } = attempt;
  const { auth } = record;
  if (!isSameDigest(digest(token.secret), auth.refresh)) return UNKNOWN;
  const { renewAfter } = attempt;
  const isDue = renewAfter === undefined || at - auth.lastUsedAt >= renewAfter;
  const overlap = renewAfter === undefined ? 0 : policy.overlap;
  return isDue && !mustWait(auth, { at, policy, retention: Math.max(policy.grace, overlap) })
    ? rotate(attempt)
    : replay(attempt, token.secret, { acknowledged: true });
}

/**
 * The outcome for the newest token of a family before a re-authentication: the same token, which is not rotated, and an
 * access token that ends with the family.
 */
function refreshFormer(attempt: RefreshAttempt, family: FormerFamily): RotationDecision {
  const { record, token, at, policy, isAccessDead = false } = attempt;
  const { auth } = record;
  const minTtl = Math.min(MIN_TTL_MS, policy.accessTtl / 10);
  const newest = family.accessCount < 0 ? undefined : family.access.at(-1);
  const isSpent = isAccessDead || (newest?.expiresAt ?? 0) <= at + minTtl;
  const accessCount = family.accessCount + (isSpent ? 1 : 0);
  const accessSecret = deriveAccessSecret(token.secret, family.salt, accessCount);
  const expiresAt = Math.min(at + policy.accessTtl, family.expiresAt);
  if (isSpent && expiresAt - at < minTtl) return UNKNOWN;
  const access = isSpent
    ? addAccess(family.access, { digest: digest(accessSecret), expiresAt })
    : family.access;
  const former = isSpent ? { ...family, access, accessCount } : family;
  return {
    kind: 'answer',
    generation: token.generation,
    refreshSecret: token.secret,
    accessSecret,
    replayed: true,
    isRepeated: !isSpent,
    former,
    auth: isSpent
      ? { ...auth, former: auth.former?.map((other) => (other === family ? former : other)) ?? [] }
      : auth,
  };
}

/** The outcome for a token of an earlier generation. */
export function refreshEarlier(attempt: RefreshAttempt): RotationDecision {
  const { record, token, at, policy } = attempt;
  const { auth } = record;
  const first = auth.steps.length - (auth.generation - token.generation);
  const step = auth.steps[first];
  if (step === undefined) return { kind: 'end', cause: 'reuse' };

  const latest = deriveLatestSecret(token.secret, auth.steps.slice(first));
  if (!isSameDigest(digest(latest), auth.refresh)) return UNKNOWN;
  if (!isForgiven(auth, { step, at, grace: policy.grace })) {
    const isCookie = attempt.renewAfter !== undefined;
    if (!isCookie || at - (step.spentAt ?? at) >= policy.overlap) {
      return { kind: 'end', cause: 'reuse' };
    }
    // Good for this request only: the client keeps the cookie that it has.
    const { generation, secret: refreshSecret } = token;
    return { ...replay(attempt, latest, {}), generation, refreshSecret };
  }
  if (at - (step.spentAt ?? at) < policy.grace) return replay(attempt, latest, { replayed: true });
  // The successor may never have been received, so the grace of its step starts again.
  const steps = [...auth.steps.slice(0, -1), { ...step, spentAt: at }];
  return replay(attempt, latest, { replayed: true, steps });
}

/** Creates the next generation. */
export function rotate(attempt: RefreshAttempt): RotationDecision {
  const { record, token, at, policy, random, withAccess = true } = attempt;
  const { auth } = record;
  const expiresAt = Math.min(at + policy.idleTtl, auth.absoluteExpiresAt);
  const salt = encodeBase64Url(random(16));
  const refreshSecret = deriveRefreshSecret(token.secret, salt);
  const accessSecret = withAccess ? deriveAccessSecret(refreshSecret, salt, 0) : '';
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
    isRepeated: false,
    auth: {
      // Each member by its name: a rest of the earlier ones takes longer. There is no binding, see `decideRefresh`.
      ...proofOf(auth),
      expiresAt,
      absoluteExpiresAt: auth.absoluteExpiresAt,
      authenticatedAt: auth.authenticatedAt,
      lastUsedAt: at,
      generation: auth.generation + 1,
      family: auth.family,
      refresh: digest(refreshSecret),
      access: withAccess
        ? addAccess(earlier, {
            digest: digest(accessSecret),
            expiresAt: Math.min(at + policy.accessTtl, expiresAt),
          })
        : earlier,
      steps: addStep(auth.steps, { salt, spentAt: at }, Math.max(policy.grace, policy.overlap)),
      // The first access token of a generation has the number 0.
      accessCount: withAccess ? 0 : -1,
      acknowledged: false,
      replayed: false,
    },
  };
}

/** Returns the newest pair again; an access token that has expired, or is dead, is replaced. */
function replay(
  attempt: RefreshAttempt,
  refreshSecret: string,
  change: Partial<Pick<AuthPart, 'acknowledged' | 'replayed' | 'steps'>>,
): RotationAnswer {
  const { record, token, at, policy, isAccessDead = false, withAccess = true } = attempt;
  const { auth } = record;
  const { salt } = latestStep(auth);
  // A token that is about to expire would be useless to the client.
  const minTtl =
    attempt.renewAfter === undefined
      ? Math.min(MIN_TTL_MS, policy.accessTtl / 10)
      : policy.accessTtl / 2;
  // An access token of an earlier generation is the last one after a renewal that issued none.
  const newest = auth.accessCount < 0 ? undefined : auth.access.at(-1);
  const isSpent = withAccess && (isAccessDead || (newest?.expiresAt ?? 0) <= at + minTtl);
  const accessCount = auth.accessCount + (isSpent ? 1 : 0);
  const accessSecret = withAccess ? deriveAccessSecret(refreshSecret, salt, accessCount) : '';
  const expiresAt = Math.min(at + policy.accessTtl, auth.expiresAt);
  const access = isSpent
    ? addAccess(auth.access, { digest: digest(accessSecret), expiresAt })
    : auth.access;
  const presented = change.acknowledged === true ? acknowledged(auth) : auth;
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
    isRepeated: !isSpent,
    auth: isSame ? auth : { ...presented, ...change, access, accessCount },
  };
}

/** Adds an access token; the oldest one is dropped at the limit. */
function addAccess(entries: readonly AccessEntry[], entry: AccessEntry): readonly AccessEntry[] {
  return [...entries.slice(1 - MAX_ENTRIES), entry];
}
