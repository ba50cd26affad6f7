import type { RefreshAttempt, RotationDecision } from '../../core/src/session/rotation.js';
import { digest } from '../../core/src/token/crypto.js';
import { POLICY } from '../src/plan.js';

type Decide = (presentation: RefreshAttempt) => RotationDecision;

/** A rule of rotation done wrong: takes the place of `decideRefresh`, which it is given. */
export type RotationFault = (decide: Decide, presentation: RefreshAttempt) => RotationDecision;

const behind = ({ record, token }: RefreshAttempt): number =>
  record.auth.generation - token.generation;

function withAuth(
  presentation: RefreshAttempt,
  auth: Partial<RefreshAttempt['record']['auth']>,
): RefreshAttempt {
  const { record } = presentation;
  return { ...presentation, record: { ...record, auth: { ...record.auth, ...auth } } };
}

/** Every replay starts the grace anew, also when the successor has been used. */
export const movingGrace: RotationFault = (decide, presentation) => {
  const decision = decide(presentation);
  if (decision.kind !== 'answer' || !decision.replayed) return decision;
  const { auth } = decision;
  const steps = auth.steps.map((step, n) =>
    n === auth.steps.length - 1 ? { ...step, spentAt: presentation.at } : step,
  );
  return { ...decision, auth: { ...auth, steps } };
};

/** A replay is answered with a successor of its own. */
export const siblings: RotationFault = (decide, presentation) => {
  const decision = decide(presentation);
  if (decision.kind !== 'answer' || !decision.replayed) return decision;
  const { record, token } = presentation;
  const kept = record.auth.steps.slice(0, -behind(presentation));
  const steps = kept.length > 0 ? kept : [{ salt: 'AAAAAAAAAAAAAAAAAAAAAA' }];
  const { generation, secret } = token;
  return decide(
    withAuth(presentation, { generation, refresh: digest(secret), steps, replayed: false }),
  );
};

/** As where only the hash of before is kept: what is older is nobody's. */
export const shortMemory: RotationFault = (decide, presentation) => {
  const decision = decide(presentation);
  if (decision.kind !== 'end' || decision.cause !== 'reuse') return decision;
  return behind(presentation) >= 2 ? { kind: 'reject', reason: 'unknown' } : decision;
};

/** A generation that the store does not know yet is taken for one that it knows no more. */
export const rollbackIsReuse: RotationFault = (decide, presentation) => {
  const decision = decide(presentation);
  return decision.kind === 'end' ? { ...decision, cause: 'reuse' } : decision;
};

/** A token of an earlier family is taken for one that was spent. */
export const reauthenticationIsReuse: RotationFault = (decide, presentation) => {
  const { record, token } = presentation;
  return digest(token.family) === record.auth.family
    ? decide(presentation)
    : { kind: 'end', cause: 'reuse' };
};

/** Only the generation right before the newest is forgiven. */
export const graceForTheLast: RotationFault = (decide, presentation) => {
  const decision = decide(presentation);
  const isOlder = decision.kind === 'answer' && behind(presentation) >= 2;
  return isOlder ? { kind: 'end', cause: 'reuse' } : decision;
};

/** The newest token always rotates, also while answers with the one before are on their way. */
export const noHold: RotationFault = (decide, presentation) =>
  behind(presentation) === 0
    ? decide(withAuth(presentation, { replayed: false }))
    : decide(presentation);

/** A token of before the newest is taken for a sign that the store has lost writes. */
export const hastyEnd: RotationFault = (decide, presentation) =>
  behind(presentation) > 0 ? { kind: 'end', cause: 'lost-writes' } : decide(presentation);

/** Every rotation starts the absolute deadline anew. */
export const slidingDeadline: RotationFault = (decide, presentation) => {
  const decision = decide(presentation);
  if (decision.kind !== 'answer' || decision.replayed) return decision;
  const absoluteExpiresAt = decision.auth.absoluteExpiresAt + 1_000;
  return { ...decision, auth: { ...decision.auth, absoluteExpiresAt } };
};

/** A rotation ends the access token of the generation before. */
export const noOverlap: RotationFault = (decide, presentation) =>
  decide({ ...presentation, policy: { ...presentation.policy, accessOverlap: 0 } });

/** Moves the idle deadline of every session as the engine's options have it. */
export const lifetimesOfTheEngine: RotationFault = (decide, presentation) =>
  decide({ ...presentation, policy: { ...presentation.policy, idleTtl: POLICY.idleTtl } });
