import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import { parseRefreshToken, type RefreshCredential } from '../token/format.js';
import type { Reason, RefreshResult } from '../types.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';
import { decideRefresh } from './rotation.js';
import { hideTokens } from './view.js';

/** Rounds through conflicting writes; honest traffic needs two or three. */
const ATTEMPTS = 8;

/** Refresh: holds the token against the record, and writes the outcome by compare-and-set. */
export function createRefresh<Data extends object>(context: EngineContext) {
  const { settings, store, events } = context;

  function reject(reason: Reason, sid?: string): RefreshResult<Data> {
    events.emit('rejected', { token: 'refresh', reason, ...(sid === undefined ? {} : { sid }) });
    settings.logger.debug({ sid, reason }, 'refresh token rejected');
    return { ok: false, reason };
  }

  /** Only whoever removed the session tells of it, so that one theft is one event. */
  async function end(
    record: SessionRecord,
    cause: 'reuse' | 'lost-writes',
  ): Promise<RefreshResult<Data>> {
    const { sid } = record;
    const { subject } = record.data;
    const removal = await store.remove(sid);
    if (removal.status === 'removed') {
      if (cause === 'reuse') events.emit('reuse', { sid, subject });
      events.emit('revoked', { cause, sid, subject });
      settings.logger.warn(
        { sid, cause },
        cause === 'reuse'
          ? 'a spent refresh token came back: session ended'
          : 'the store lost writes: session ended',
      );
    }
    return reject(cause === 'reuse' ? 'reused' : 'unknown', sid);
  }

  async function rotate(token: RefreshCredential): Promise<RefreshResult<Data>> {
    const { sid } = token;
    const loaded = await store.load(sid);
    let { record, now: at } = loaded as { record: SessionRecord | undefined; now: number };
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (record === undefined) return reject('unknown', sid);
      const decision = decideRefresh({
        record,
        token,
        at,
        policy: settings,
        random: settings.random,
      });
      if (decision.kind === 'reject') return reject(decision.reason, sid);
      if (decision.kind === 'end') return end(record, decision.cause);

      const { auth } = decision;
      if (auth !== record.auth) {
        const answer = await store.replaceAuth(record, auth);
        if (answer.status === 'absent') return reject('unknown', sid);
        if (answer.status === 'conflict') {
          record = answer.record;
          at = answer.now;
          continue;
        }
      }
      events.emit('refreshed', { sid, subject: record.data.subject, replayed: decision.replayed });
      const made = { ...decision, record: { ...record, auth }, family: token.family, at };
      return hideTokens({ ok: true as const, ...issue<Data>(settings, made) });
    }
    throw new StoreUnavailableError(
      `The session was being written by others ${ATTEMPTS} times in a row. Try again.`,
    );
  }

  return async function refresh(refreshToken: unknown): Promise<RefreshResult<Data>> {
    const token = parseRefreshToken(refreshToken);
    return token === undefined ? reject('malformed') : rotate(token);
  };
}
