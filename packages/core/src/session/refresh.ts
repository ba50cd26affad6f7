import { isGuest, type SessionRecord } from '../store/record.js';
import { parseRefreshToken, type RefreshCredential } from '../token/format.js';
import type { Issued, RefreshResult, RejectionReason } from '../types.js';
import { hideTokens } from '../util/logger.js';
import type { EngineContext } from './context.js';
import { asFormer } from './former.js';
import { issueTokens } from './issue-tokens.js';
import { policyOf } from './lifetimes.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';
import type { RefreshAttempt, RotationAnswer, RotationDecision } from './rotation.js';
import { createRotationEffects, type EndedSession } from './rotation-effects.js';

/** Attempts at the write; honest traffic needs two or three. */
const MAX_ATTEMPTS = 8;

/** The outcome of the attempts. */
type Outcome<Data extends object> =
  | { readonly kind: 'reject'; readonly reason: RejectionReason }
  | EndedSession
  | { readonly kind: 'answer'; readonly issued: Issued<Data>; readonly replayed: boolean };

/** Creates `refresh`: compares the token with the record, and writes the outcome by compare-and-set. */
export function createRefresh<Data extends object>(context: EngineContext) {
  const { settings, store, tokens, events, rules } = context;
  const { reject, end, reportEnd, askApplication, write } = createRotationEffects(context);

  /** Decides again if the access token to be replayed is dead: a write that failed, or came second, ended it. */
  async function decideRotation(
    attempt: RefreshAttempt,
  ): Promise<{ readonly decision: RotationDecision; readonly version?: number }> {
    const { record, at } = attempt;
    const decision = rules.refresh(attempt);
    if (tokens.recheck === undefined || decision.kind !== 'answer' || !decision.isRepeated) {
      return { decision };
    }
    const { version, isAccessDead } = await tokens.recheck(shownBy(decision, record), at);
    return {
      decision: isAccessDead ? rules.refresh({ ...attempt, isAccessDead }) : decision,
      version,
    };
  }

  async function decide(
    { token, isCookie }: { readonly token: RefreshCredential; readonly isCookie: boolean },
    loaded: SessionRecord,
    at: number,
  ): Promise<Attempt<Outcome<Data>>> {
    const { random } = settings;
    const policy = policyOf(settings, loaded.data.life);
    const renewAfter = isCookie ? policy.renewAfter : undefined;
    const attempt = { record: loaded, token, at, policy, random, renewAfter };
    const { decision, ...known } = await decideRotation(attempt);
    if (decision.kind === 'reject') return { outcome: decision };
    // Guests have no access token, so their cookie has nothing to be exchanged for.
    if (isGuest(loaded)) return { outcome: { kind: 'reject', reason: 'unknown' } };
    if (decision.kind === 'end') return end(loaded, decision);
    const { auth, replayed, former } = decision;
    const isRotation = former === undefined && auth.generation !== loaded.auth.generation;
    const data = isRotation ? await askApplication(loaded) : loaded.data;
    if (data === false) return end(loaded, { kind: 'end', cause: 'refused' });

    const record = { ...loaded, auth, data };
    const issued = await issueTokens<Data>(context, {
      ...decision,
      ...known,
      record: shownBy(decision, record),
      family: token.family,
      at,
    });
    const outcome = { kind: 'answer' as const, issued, replayed };
    if (auth !== loaded.auth) {
      const contested = former === undefined ? token.generation + 1 : undefined;
      return { outcome, write: () => write(loaded, { auth, data, contested }) };
    }
    const { confirm } = tokens;
    return confirm === undefined ? { outcome } : { outcome, write: () => confirm(loaded) };
  }

  return async function refresh(
    refreshToken: unknown,
    { isCookie = false }: { readonly isCookie?: boolean } = {},
  ): Promise<RefreshResult<Data>> {
    const token = parseRefreshToken(refreshToken);
    if (token === undefined) return reject('malformed');
    const { sid } = token;
    const outcome = await updateWithRetry(store, {
      sid,
      maxAttempts: MAX_ATTEMPTS,
      decide: (record, at) => decide({ token, isCookie }, record, at),
    });
    if (outcome === undefined) return reject('unknown', sid);
    if (outcome.kind === 'reject') return reject(outcome.reason, sid);
    if (outcome.kind === 'end') return reportEnd(sid, outcome);
    const { issued, replayed } = outcome;
    events.emit('refreshed', { sid, subject: issued.session.subject, replayed });
    return hideTokens({ ok: true as const, ...issued });
  };
}

/** Returns the session as the returned tokens show it. */
function shownBy({ former }: RotationAnswer, record: SessionRecord): SessionRecord {
  return former === undefined ? record : asFormer(record, former);
}
