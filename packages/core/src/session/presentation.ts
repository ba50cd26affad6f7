import { isExpired, type SessionRecord } from '../store/record.js';
import { digest, isSameDigest } from '../token/crypto.js';
import { asFormer, findFormer } from './former.js';
import {
  type RefreshAttempt,
  type RotationDecision,
  refreshEarlier,
  rotate,
  UNKNOWN,
} from './rotation.js';
import { deriveLatestSecret, isForgiven, mustWait, type RotationPolicy } from './rotation-steps.js';

/** One cookie, one record, and one moment of the store's time. */
export interface PresentationAttempt extends Omit<RefreshAttempt, 'policy'> {
  readonly policy: RotationPolicy & { readonly renewAfter: number };
  /** Whether the response can carry a cookie. */
  readonly canRenew: boolean;
}

/** The outcome for a presented cookie. */
export type PresentationDecision =
  /** Good for this request. `isLatest`: the cookie is the newest one, so its holder has received it. */
  | {
      readonly kind: 'accept';
      readonly isLatest: boolean;
      /** The session as the cookie shows it. Default: as it is. */
      readonly shown?: SessionRecord;
    }
  /** A renewal, or the newest cookie again; or the end of the session, or a refusal. */
  | RotationDecision;

const REUSE = { kind: 'end', cause: 'reuse' } as const;

/**
 * Returns what a refresh token gets that a browser presents as its session cookie, without side effects. Unlike a
 * refresh, most presentations change nothing: the parallel requests of a page carry one cookie, and a request that was
 * sent before a renewal may arrive long after it.
 */
export function decidePresentation(given: PresentationAttempt): PresentationDecision {
  const { record, token, at, policy, canRenew } = given;
  const { auth } = record;
  if (auth.binding) return UNKNOWN;
  const former = isExpired(record, at) ? undefined : findFormer(auth, token, at);
  if (former !== undefined) {
    return { kind: 'accept', isLatest: false, shown: asFormer(record, former) };
  }
  if (!isSameDigest(digest(token.family), auth.family)) return UNKNOWN;
  if (isExpired(record, at)) return { kind: 'reject', reason: 'expired' };
  if (token.generation > auth.generation) return { kind: 'end', cause: 'lost-writes' };

  if (token.generation === auth.generation) {
    if (!isSameDigest(digest(token.secret), auth.refresh)) return UNKNOWN;
    // Only renewals move `lastUsedAt`.
    const isDue = canRenew && at - auth.lastUsedAt >= policy.renewAfter;
    const retention = Math.max(policy.grace, policy.overlap);
    if (!isDue || mustWait(auth, { at, policy, retention }))
      return { kind: 'accept', isLatest: true };
    return rotate({ ...given, withAccess: false });
  }

  const first = auth.steps.length - (auth.generation - token.generation);
  const step = auth.steps[first];
  if (step === undefined) return REUSE;
  const latest = deriveLatestSecret(token.secret, auth.steps.slice(first));
  if (!isSameDigest(digest(latest), auth.refresh)) return UNKNOWN;
  if (isForgiven(auth, { step, at, grace: policy.grace })) {
    return canRenew
      ? refreshEarlier({ ...given, withAccess: false })
      : { kind: 'accept', isLatest: false };
  }
  const isOverlapping = at - (step.spentAt ?? at) < policy.overlap;
  return isOverlapping ? { kind: 'accept', isLatest: false } : REUSE;
}
