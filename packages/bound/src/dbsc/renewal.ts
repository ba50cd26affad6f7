import {
  type Attempt,
  createRotationEffects,
  type EndedSession,
  type EngineContext,
  policyOf,
  updateWithRetry,
} from '@sess/core/internal';
import { isExpired, type SessionRecord } from '@sess/core/store';
import { type BoundCookie, createBoundCookie } from './bound-cookie.js';
import { renewalChallenge } from './challenges.js';
import { deviceOf } from './cookies.js';
import { type DeviceProof, isSignedBy } from './proof.js';

const MAX_ATTEMPTS = 8;

/** The outcome for a request of a browser whose cookie has run out, or soon will. */
export type Renewal =
  | { readonly kind: 'renewed'; readonly cookie: BoundCookie; readonly subject: string }
  /** No proof, or one over another challenge. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | EndedSession
  /** There is no such session or key. */
  | { readonly kind: 'refused' };

const REFUSED: Renewal = { kind: 'refused' };

/** Creates the renewal of the cookie of a bound session, by a proof of the device's key. */
export function createRenewal(context: EngineContext, cookieTtl: number) {
  const { settings, store, events } = context;
  const { end, reportEnd, askApplication, write } = createRotationEffects(context);

  async function decide(
    record: SessionRecord,
    at: number,
    proof: DeviceProof | 'absent' | 'malformed',
  ): Promise<Attempt<Renewal>> {
    const { sid, auth } = record;
    const known = deviceOf(record);
    if (known === undefined || isExpired(record, at)) return { outcome: REFUSED };
    const challenge = renewalChallenge(sid, known);
    if (proof === 'malformed') return { outcome: REFUSED };
    // Compared before the signature, so that garbage costs none. A browser proves once more over the new challenge.
    if (proof === 'absent' || proof.challenge !== challenge) {
      return { outcome: { kind: 'challenge', challenge } };
    }
    if (!(await isSignedBy(proof, known.key))) return { outcome: REFUSED };
    const data = await askApplication(record);
    if (data === false) return end(record, { kind: 'end', cause: 'refused' });
    const policy = policyOf(settings, data.life);
    const expiresAt = Math.min(at + policy.idleTtl, auth.absoluteExpiresAt);
    const cookie = createBoundCookie({
      sid,
      at,
      until: expiresAt,
      random: settings.random,
      binding: { ...known, cookieTtl, isPending: false },
    });
    const next = { ...auth, expiresAt, lastUsedAt: at, binding: cookie.binding };
    return {
      outcome: { kind: 'renewed', cookie, subject: data.subject },
      write: () => write(record, { auth: next, data, contested: undefined }),
    };
  }

  return async function renew(
    sid: string,
    proof: DeviceProof | 'absent' | 'malformed',
  ): Promise<Renewal> {
    const outcome = await updateWithRetry<Renewal>(store, {
      sid,
      maxAttempts: MAX_ATTEMPTS,
      decide: (record, at) => decide(record, at, proof),
    });
    if (outcome?.kind === 'end') reportEnd(sid, outcome);
    if (outcome?.kind === 'renewed') {
      events.emit('refreshed', { sid, subject: outcome.subject, replayed: false });
    }
    return outcome ?? REFUSED;
  };
}
