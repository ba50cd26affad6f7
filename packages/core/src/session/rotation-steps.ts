import type { AuthPart, RotationStep } from '../store/record.js';
import { deriveRefreshSecret } from '../token/crypto.js';

/** The number of access tokens that are valid at a time, and of rotation steps that are remembered. */
export const MAX_ENTRIES = 8;

/** What rotation needs to know; times in milliseconds. */
export interface RotationPolicy {
  readonly accessTtl: number;
  readonly accessOverlap: number;
  readonly idleTtl: number;
  readonly grace: number;
  /** How long a spent cookie is accepted. Steps are remembered for the longer of this and `grace`. */
  readonly overlap: number;
}

/** True if a token that was spent at `step` gets its successor again. */
export function isForgiven(
  auth: AuthPart,
  { step, at, grace }: { readonly step: RotationStep; readonly at: number; readonly grace: number },
): boolean {
  if (at - (step.spentAt ?? at) < grace) return true;
  // The successor was never used: the client may not have received it.
  return step === auth.steps.at(-1) && !auth.acknowledged;
}

/**
 * True if the newest generation must stay the newest for now.
 *
 * @param given.retention how long a spent token has to be recognised; milliseconds
 */
export function mustWait(
  auth: AuthPart,
  given: { readonly at: number; readonly policy: RotationPolicy; readonly retention: number },
): boolean {
  const { at, policy, retention } = given;
  const { spentAt } = latestStep(auth);
  // After a replay, responses with an older and a newer token may arrive in either order. Until they have, the newest
  // token stays the newest, so that neither order leaves a spent one in the cookie jar.
  // A hold does not move the idle deadline, so it takes half of the idle time at most.
  // Replays restart the step or come within the grace, and their responses are on the way as long as a cookie is kept.
  const hold = Math.min(policy.grace + retention, policy.idleTtl / 2);
  if (auth.replayed && spentAt !== undefined && at < spentAt + hold) return true;
  // A rotation waits until the oldest step may be forgotten: none is forgotten while a spent token of it may come.
  const young = auth.steps.filter((step) => isYoung(step, at, retention));
  return young.length >= MAX_ENTRIES;
}

/** Returns the secret after the given steps, in order, from the one that was spent at the first of them. */
export function deriveLatestSecret(secret: string, steps: readonly RotationStep[]): string {
  return steps.reduce((current, step) => deriveRefreshSecret(current, step.salt), secret);
}

/** Returns the step that made the newest generation. */
export function latestStep(auth: AuthPart): RotationStep {
  const step = auth.steps.at(-1);
  if (step === undefined) throw new TypeError('A session record has no step.');
  return step;
}

/** Adds a step. Steps are dropped oldest first when their retention is over, so that those kept stay without a gap. */
export function addStep(
  steps: readonly RotationStep[],
  step: RotationStep,
  retention: number,
): readonly RotationStep[] {
  const firstKept = steps.findIndex((old) => isYoung(old, step.spentAt ?? 0, retention));
  const kept = firstKept < 0 ? [] : steps.slice(firstKept);
  return [...kept.slice(1 - MAX_ENTRIES), step];
}

function isYoung(step: RotationStep, at: number, retention: number): boolean {
  return step.spentAt !== undefined && step.spentAt + retention > at;
}
