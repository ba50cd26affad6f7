import type { PresentedTokens } from '../engine.js';
import { findAccess, isExpired, type SessionRecord } from '../store/record.js';
import { UNREADABLE } from '../store/store-port.js';
import { parseRefreshToken } from '../token/format.js';
import { assertKnown } from '../util/options.js';
import type { EngineContext } from './context.js';
import { findFormerAccess } from './former.js';
import { policyOf } from './lifetimes.js';
import { inspectRefreshToken, type PresentedToken } from './rotation.js';

/** A session that presented tokens belong to. */
export interface PresentedSession {
  readonly sid: string;
  /** Absent if it cannot be read. */
  readonly record?: SessionRecord;
  /** The cause with which a refresh would end the session: its refresh token was spent, or is newer than the session. */
  readonly alarm?: 'reuse' | 'lost-writes';
}

/**
 * Creates the search for the sessions that genuine tokens belong to, at most two. A token that has expired is enough: its
 * holder was signed in. A forged or unknown one finds nothing.
 */
export function createFindPresented({
  settings,
  tokens,
  store,
  time,
}: EngineContext): (presented: PresentedTokens) => Promise<PresentedSession[]> {
  /** Returns the session with the given sid if its record passes the check. */
  async function find(
    sid: string,
    check: (record: SessionRecord, at: number) => PresentedToken,
  ): Promise<PresentedSession | undefined> {
    try {
      const { record, now } = await store.load(sid);
      if (record === undefined || isExpired(record, now)) return undefined;
      const kind = check(record, now);
      if (kind === 'foreign') return undefined;
      if (kind === 'genuine') return { sid, record };
      return { sid, record, alarm: kind === 'spent' ? 'reuse' : 'lost-writes' };
    } catch (error) {
      // A record of a newer version cannot be compared with the token. A logout must still be possible.
      if (error instanceof Error && error.cause === UNREADABLE) return { sid };
      throw error;
    }
  }

  return async (presented) => {
    assertKnown('end', presented, ['accessToken', 'refreshToken']);
    const { accessToken, refreshToken } = presented;
    const token = parseRefreshToken(refreshToken);
    const first =
      token &&
      (await find(token.sid, (record, at) =>
        inspectRefreshToken({ record, token, at, policy: policyOf(settings, record.data.life) }),
      ));
    const found = first === undefined ? [] : [first];
    if (accessToken === undefined) return found;
    const { sid, digest } = await tokens.read(accessToken, time.now());
    if (sid === undefined || digest === undefined || sid === first?.sid) return found;
    const second = await find(sid, ({ auth }, at) => {
      const isFormer = findFormerAccess(auth, digest, at) !== undefined;
      return isFormer || findAccess(auth, digest) >= 0 ? 'genuine' : 'foreign';
    });
    return second === undefined ? found : [...found, second];
  };
}
