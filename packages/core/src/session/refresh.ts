import type { DataPart, SessionRecord } from '../store/record.js';
import { parseRefreshToken, type RefreshCredential } from '../token/format.js';
import type { Issued, RefreshResult, RejectionReason } from '../types.js';
import { checkData } from '../util/json.js';
import type { EngineContext } from './context.js';
import { hideTokens, issueTokens, toIssueError, toSession } from './issue-tokens.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';
import { decideRefresh, type RefreshAttempt, type RotationDecision } from './rotation.js';

/** Attempts at the write; honest traffic needs two or three. */
const MAX_ATTEMPTS = 8;

const LOG_MESSAGES = {
  reuse: 'a spent refresh token was presented: session ended',
  'lost-writes':
    'a refresh token is newer than the session: the store lost writes, or the token is forged; session ended',
  refused: 'onRefresh refused the session: session ended',
} as const;

interface Ended {
  readonly kind: 'end';
  readonly cause: keyof typeof LOG_MESSAGES;
}

/** The outcome of the attempts. */
type Outcome<Data extends object> =
  | { readonly kind: 'reject'; readonly reason: RejectionReason }
  /** `isOwn`: this call is the one that removed the session. */
  | (Ended & { readonly subject: string; isOwn: boolean })
  | { readonly kind: 'answer'; readonly issued: Issued<Data>; readonly replayed: boolean };

/** Creates `refresh`: compares the token with the record, and writes the outcome by compare-and-set. */
export function createRefresh<Data extends object>(context: EngineContext) {
  const { settings, store, tokens, events } = context;

  function reject(reason: RejectionReason, sid?: string): RefreshResult<Data> {
    events.emit('rejected', { token: 'refresh', reason, ...(sid === undefined ? {} : { sid }) });
    settings.logger.debug({ sid, reason }, 'refresh token rejected');
    return { ok: false, reason };
  }

  /** Removes the session as it was decided: after a re-authentication in between, decides again. */
  function end(record: SessionRecord, { cause }: Ended): Attempt<Outcome<Data>> {
    const outcome = { kind: 'end' as const, cause, subject: record.data.subject, isOwn: false };
    return {
      outcome,
      async write() {
        const result = await store.remove(record.sid, record);
        if (result.status === 'conflict') return result;
        outcome.isOwn = result.status === 'removed';
        return { status: 'replaced', now: result.now };
      },
    };
  }

  /** Only the call that removed the session reports it, so that one theft is one event. */
  function reportEnd(
    sid: string,
    { cause, subject, isOwn }: Extract<Outcome<Data>, { kind: 'end' }>,
  ): void {
    if (!isOwn) return;
    // A forged generation looks like lost writes, so both raise the alarm.
    if (cause === 'reuse') events.emit('reuse', { sid, subject });
    if (cause === 'lost-writes') events.emit('reuse', { sid, subject, cause });
    events.emit('revoked', { cause, sid, subject });
    settings.logger.warn({ sid, cause }, LOG_MESSAGES[cause]);
  }

  /** Decides again if the access token to be replayed is dead: a write that failed, or came second, ended it. */
  async function decideRotation(
    attempt: RefreshAttempt,
  ): Promise<{ readonly decision: RotationDecision; readonly version?: number }> {
    const { record, at } = attempt;
    const decision = decideRefresh(attempt);
    if (tokens.recheck === undefined || !isRepeated(decision, record)) return { decision };
    const { version, isAccessDead } = await tokens.recheck(record, at);
    return {
      decision: isAccessDead ? decideRefresh({ ...attempt, isAccessDead }) : decision,
      version,
    };
  }

  /** Asks `onRefresh`. Returns the data part to continue with, or `false` to end the session. */
  async function askApplication(record: SessionRecord): Promise<DataPart | false> {
    const { onRefresh, schema, maxDataLength } = settings;
    if (onRefresh === undefined) return record.data;
    try {
      const decision: unknown = await onRefresh(toSession<never>(record));
      if (decision === false) return false;
      if (typeof decision !== 'object' || decision === null) return record.data;
      const data = await checkData(schema, decision, maxDataLength);
      return Object.freeze({ ...record.data, data });
    } catch (error) {
      throw toIssueError(context, { sid: record.sid, error, problem: 'onRefresh failed' });
    }
  }

  async function decide(
    token: RefreshCredential,
    loaded: SessionRecord,
    at: number,
  ): Promise<Attempt<Outcome<Data>>> {
    const attempt = { record: loaded, token, at, policy: settings, random: settings.random };
    const { decision, ...known } = await decideRotation(attempt);
    if (decision.kind === 'reject') return { outcome: decision };
    if (decision.kind === 'end') return end(loaded, decision);
    const { auth, replayed } = decision;
    const isRotation = auth.generation !== loaded.auth.generation;
    const data = isRotation ? await askApplication(loaded) : loaded.data;
    if (data === false) return end(loaded, { kind: 'end', cause: 'refused' });

    const record = { ...loaded, auth, data };
    const issued = await issueTokens<Data>(context, {
      ...decision,
      ...known,
      record,
      family: token.family,
      at,
    });
    const outcome = { kind: 'answer' as const, issued, replayed };
    if (auth !== loaded.auth) {
      return {
        outcome,
        async write() {
          if (data !== loaded.data) {
            const result = await store.replaceData(loaded, data);
            if (result.status !== 'replaced') return result;
          }
          return store.replaceAuth(loaded, auth, token.generation + 1);
        },
      };
    }
    const { confirm } = tokens;
    return confirm === undefined ? { outcome } : { outcome, write: () => confirm(loaded) };
  }

  return async function refresh(refreshToken: unknown): Promise<RefreshResult<Data>> {
    const token = parseRefreshToken(refreshToken);
    if (token === undefined) return reject('malformed');
    const { sid } = token;
    const outcome = await updateWithRetry(store, {
      sid,
      maxAttempts: MAX_ATTEMPTS,
      decide: (record, at) => decide(token, record, at),
    });
    if (outcome === undefined) return reject('unknown', sid);
    if (outcome.kind === 'reject') return reject(outcome.reason, sid);
    if (outcome.kind === 'end') {
      reportEnd(sid, outcome);
      return reject(REASONS[outcome.cause], sid);
    }
    const { issued, replayed } = outcome;
    events.emit('refreshed', { sid, subject: issued.session.subject, replayed });
    return hideTokens({ ok: true as const, ...issued });
  };
}

const REASONS = { reuse: 'reused', 'lost-writes': 'unknown', refused: 'revoked' } as const;

/** True if a decision returns an access token that the session has already. */
function isRepeated(decision: RotationDecision, { auth }: SessionRecord): boolean {
  return decision.kind === 'answer' && decision.auth.access === auth.access;
}
