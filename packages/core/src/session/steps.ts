import type { AccessEntry, AuthPart, RotationStep } from '../store/record.js';
import { deriveRefreshSecret } from '../token/crypto.js';

/*
 * The lineage of a session's tokens: the steps from one generation to the next, and the access tokens that live.
 */

/** How many access tokens live at once, and how many steps of grace are remembered. */
const KEPT = 8;

/** The secret at the end of the given steps, in order, from the one that was spent at the first of them. */
export function deriveLatestSecret(secret: string, steps: readonly RotationStep[]): string {
  return steps.reduce((current, step) => deriveRefreshSecret(current, step.salt), secret);
}

/** The step that made the newest generation. */
export function latestStep(auth: AuthPart): RotationStep {
  const step = auth.steps.at(-1);
  if (step === undefined) throw new TypeError('A session record has no step.');
  return step;
}

/** Live access tokens are dropped oldest first. */
export function addAccess(
  entries: readonly AccessEntry[],
  entry: AccessEntry,
): readonly AccessEntry[] {
  return [...entries.slice(1 - KEPT), entry];
}

/** Steps are dropped oldest first, so that those kept stay without a gap. */
export function addStep(
  steps: readonly RotationStep[],
  step: RotationStep,
  grace: number,
): readonly RotationStep[] {
  const spentAt = step.spentAt ?? 0;
  const firstKept = steps.findIndex(
    (old) => old.spentAt !== undefined && old.spentAt + grace > spentAt,
  );
  const kept = firstKept < 0 ? [] : steps.slice(firstKept);
  return [...kept.slice(1 - KEPT), step];
}
