import type { SessionRecord } from '../store/record.js';
import { parseRefreshToken, type RefreshCredential } from '../token/format.js';
import type { Issued, RefreshResult, RejectionReason } from '../types.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';
import { decideRefresh, type RefreshAttempt, type RotationDecision } from './rotation.js';
import { type Attempt, updateWithRetry } from './rounds.js';
import { hideTokens } from './view.js';

/** Rounds through conflicting writes; honest traffic needs two or three. */
const MAX_ATTEMPTS = 8;

const TOLD = {
  reuse: 'a spent refresh token came back: session ended',
  'lost-writes': 'the store lost writes: session ended',
} as const;

type Ended = Extract<RotationDecision, { kind: 'end' }>;

/** What the rounds come to, before anything is told of it. */
type Outcome<Data extends object> =
  | { readonly kind: 'reject'; readonly reason: RejectionReason }
  /** `isOurs`: this call is the one that removed the session. */
  | (Ended & { readonly subject: string; isOurs: boolean })
  | { readonly kind: 'answer'; readonly issued: Issued<Data>; readonly replayed: boolean };

/** Refresh: holds the token against the record, and writes the outcome by compare-and-set. */
export function createRefresh<Data extends object>(context: EngineContext) {
  const { settings, store, tokens, events } = context;

  function reject(reason: RejectionReason, sid?: string): RefreshResult<Data> {
    events.emit('rejected', { token: 'refresh', reason, ...(sid === undefined ? {} : { sid }) });
    settings.logger.debug({ sid, reason }, 'refresh token rejected');
    return { ok: false, reason };
  }

  /** Removes the session as it was judged: a re-authentication in between is judged anew. */
  function end(record: SessionRecord, decision: Ended): Attempt<Outcome<Data>> {
    const outcome = { ...decision, subject: record.data.subject, isOurs: false };
    return {
      outcome,
      async write() {
        const answer = await store.remove(record.sid, record);
        if (answer.status === 'conflict') return answer;
        outcome.isOurs = answer.status === 'removed';
        return { status: 'replaced', now: answer.now };
      },
    };
  }

  /** Only whoever removed the session tells of it, so that one theft is one event. */
  function tellOfEnd(
    sid: string,
    { cause, subject, isOurs }: Ended & { subject: string; isOurs: boolean },
  ): void {
    if (!isOurs) return;
    if (cause === 'reuse') events.emit('reuse', { sid, subject });
    events.emit('revoked', { cause, sid, subject });
    settings.logger.warn({ sid, cause }, TOLD[cause]);
  }

  /** Decides again if the access token to be replayed is dead: a write that failed, or came second, ended it. */
  async function judge(
    presentation: RefreshAttempt,
  ): Promise<{ readonly decision: RotationDecision; readonly version?: number }> {
    const { record, at } = presentation;
    const decision = decideRefresh(presentation);
    if (tokens.recheck === undefined || !isRepeated(decision, record)) return { decision };
    const { version, isAccessDead } = await tokens.recheck(record, at);
    return {
      decision: isAccessDead ? decideRefresh({ ...presentation, isAccessDead }) : decision,
      version,
    };
  }

  async function decide(
    token: RefreshCredential,
    record: SessionRecord,
    at: number,
  ): Promise<Attempt<Outcome<Data>>> {
    const presentation = { record, token, at, policy: settings, random: settings.random };
    const { decision, ...known } = await judge(presentation);
    if (decision.kind === 'reject') return { outcome: decision };
    if (decision.kind === 'end') return end(record, decision);
    const { auth, replayed } = decision;
    const made = { ...decision, ...known, record: { ...record, auth }, family: token.family, at };
    const outcome = { kind: 'answer' as const, issued: await issue<Data>(context, made), replayed };
    if (auth !== record.auth) {
      return { outcome, write: () => store.replaceAuth(record, auth, token.generation + 1) };
    }
    const { confirm } = tokens;
    return confirm === undefined ? { outcome } : { outcome, write: () => confirm(record) };
  }

  return async function refresh(refreshToken: unknown): Promise<RefreshResult<Data>> {
    const token = parseRefreshToken(refreshToken);
    if (token === undefined) return reject('malformed');
    const { sid } = token;
    const outcome = await updateWithRetry(store, {
      sid,
      rounds: MAX_ATTEMPTS,
      decide: (record, at) => decide(token, record, at),
    });
    if (outcome === undefined) return reject('unknown', sid);
    if (outcome.kind === 'reject') return reject(outcome.reason, sid);
    if (outcome.kind === 'end') {
      tellOfEnd(sid, outcome);
      return reject(outcome.cause === 'reuse' ? 'reused' : 'unknown', sid);
    }
    const { issued, replayed } = outcome;
    events.emit('refreshed', { sid, subject: issued.session.subject, replayed });
    return hideTokens({ ok: true as const, ...issued });
  };
}

/** Whether a decision hands out an access token that the session has already. */
function isRepeated(decision: RotationDecision, { auth }: SessionRecord): boolean {
  return decision.kind === 'answer' && decision.auth.access === auth.access;
}
