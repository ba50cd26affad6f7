import { isGuest, type SessionRecord } from '../store/record.js';
import { formatRefreshToken, parseRefreshToken, type RefreshCredential } from '../token/format.js';
import type { PresentResult, RejectionReason } from '../types.js';
import { hideTokens } from '../util/logger.js';
import type { EngineContext } from './context.js';
import { toGuest, toGuestPolicy } from './guests.js';
import { persistenceOf, toSession } from './issue-tokens.js';
import { policyOf } from './lifetimes.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';
import type { PresentationDecision } from './presentation.js';
import { createRotationEffects, type EndedSession } from './rotation-effects.js';

/** Attempts at the write; honest traffic needs two or three. */
const MAX_ATTEMPTS = 8;

interface Presented {
  readonly token: RefreshCredential;
  readonly canRenew: boolean;
}

type Outcome<Data extends object> =
  | { readonly kind: 'reject'; readonly reason: RejectionReason }
  | EndedSession
  | { readonly kind: 'answer'; readonly result: PresentResult<Data>; readonly replayed?: boolean };

/** Returns what a good cookie gets: a session or a guest. */
export function toPresentResult<Data extends object>(record: SessionRecord): PresentResult<Data> {
  return isGuest(record)
    ? { ok: false, reason: 'guest', guest: toGuest<Data>(record) }
    : { ok: true, session: toSession<Data>(record) };
}

/** Creates `present`: a refresh token as the cookie of a request. */
export function createPresent<Data extends object>(context: EngineContext) {
  const { settings, store, time, events, acknowledger, rules } = context;
  const { reject, end, reportEnd, askApplication, write } = createRotationEffects(context);
  const guestPolicy = toGuestPolicy(settings);
  /** Renewals in progress by their cookie: the parallel requests of a page share one. */
  const renewals = new Map<string, Promise<PresentResult<Data>>>();

  function decide(
    { token, canRenew }: Presented,
    record: SessionRecord,
    at: number,
  ): PresentationDecision {
    const { random } = settings;
    const policy = isGuest(record) ? guestPolicy : policyOf(settings, record.data.life);
    return rules.present({ record, token, at, policy, random, canRenew });
  }

  /** Returns the result for a cookie that is good as it is. */
  function accept(
    record: SessionRecord,
    { isLatest, shown = record }: Extract<PresentationDecision, { kind: 'accept' }>,
  ): PresentResult<Data> {
    if (isLatest) acknowledger.acknowledgeLatest(record);
    return toPresentResult(shown);
  }

  /** The same, or `undefined` if the cookie is to be renewed or refused: that is decided from the primary's record. */
  function acceptRead(
    presented: Presented,
    record: SessionRecord,
  ): PresentResult<Data> | undefined {
    const decision = decide(presented, record, time.now());
    return decision.kind === 'accept' ? accept(record, decision) : undefined;
  }

  async function decideToWrite(
    presented: Presented,
    loaded: SessionRecord,
    at: number,
  ): Promise<Attempt<Outcome<Data>>> {
    const { token } = presented;
    const decision = decide(presented, loaded, at);
    if (decision.kind === 'reject') {
      decision.report?.();
      return { outcome: decision };
    }
    if (decision.kind === 'end') return end(loaded, decision);
    if (decision.kind === 'accept') {
      return { outcome: { kind: 'answer', result: accept(loaded, decision) } };
    }

    const { auth, generation, refreshSecret: secret, replayed } = decision;
    const isRotation = auth.generation !== loaded.auth.generation;
    const data = isRotation ? await askApplication(loaded) : loaded.data;
    if (data === false) return end(loaded, { kind: 'end', cause: 'refused' });
    const { sid } = loaded;
    const refreshToken = formatRefreshToken({ sid, family: token.family, generation, secret });
    const renewal = hideTokens({
      refreshToken,
      issuedAt: at,
      ...persistenceOf(data),
    });
    const result = { ...toPresentResult<Data>({ ...loaded, auth, data }), renewal };
    const outcome = { kind: 'answer' as const, result, replayed };
    if (auth === loaded.auth) return { outcome };
    const contested = token.generation + 1;
    return { outcome, write: () => write(loaded, { auth, data, contested }) };
  }

  async function renew(presented: Presented): Promise<PresentResult<Data>> {
    const { sid } = presented.token;
    const outcome = await updateWithRetry(store, {
      sid,
      maxAttempts: MAX_ATTEMPTS,
      decide: (record, at) => decideToWrite(presented, record, at),
    });
    if (outcome === undefined) return reject('unknown', sid);
    if (outcome.kind === 'reject') return reject(outcome.reason, sid);
    if (outcome.kind === 'end') return reportEnd(sid, outcome);
    const { result, replayed } = outcome;
    if (replayed !== undefined && result.ok) {
      events.emit('refreshed', { sid, subject: result.session.subject, replayed });
    }
    return result;
  }

  async function presentUncached(
    cookie: string,
    presented: Presented,
  ): Promise<PresentResult<Data>> {
    const { sid } = presented.token;
    const record = await store.loadRecord(sid);
    if (record === undefined) return reject('unknown', sid);
    const accepted = acceptRead(presented, record);
    if (accepted !== undefined) return accepted;

    const key = `${presented.canRenew} ${cookie}`;
    const running = renewals.get(key);
    if (running !== undefined) return running;
    const renewal = renew(presented);
    renewals.set(key, renewal);
    try {
      return await renewal;
    } finally {
      renewals.delete(key);
    }
  }

  return function present(
    cookie: unknown,
    { canRenew }: { readonly canRenew: boolean },
  ): PresentResult<Data> | Promise<PresentResult<Data>> {
    const token = parseRefreshToken(cookie);
    if (token === undefined) return reject('malformed');
    const presented = { token, canRenew };
    const cached = store.getCached(token.sid);
    // A cached record may be stale. It can accept a cookie, never reject or renew one.
    const accepted = cached && acceptRead(presented, cached);
    return accepted ?? presentUncached(cookie as string, presented);
  };
}
