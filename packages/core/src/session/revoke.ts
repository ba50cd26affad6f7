import { isOver, type SessionRecord } from '../store/record.js';
import { parseRefreshToken } from '../token/format.js';
import { assertSubject, isSid } from '../token/id.js';
import { digest } from '../token/secret.js';
import type { RevokeCause } from '../types.js';
import type { EngineContext } from './context.js';
import { isGenuine } from './rotation.js';
import { findAccess } from './verify.js';

/** The ways to end a session by hand. */
export function createRevoke(context: EngineContext) {
  const { settings, store, events, tagOfSubject } = context;

  async function remove(sid: string, cause: RevokeCause): Promise<boolean> {
    const answer = await store.remove(sid);
    if (answer.status !== 'removed') return false;
    events.emit('revoked', { cause, sid });
    settings.logger.info({ sid, cause }, 'session revoked');
    return true;
  }

  /** The session that a token proves to hold, or `undefined`. */
  async function find(token: unknown): Promise<SessionRecord | undefined> {
    const access = settings.accessToken.parse(token);
    const refresh = parseRefreshToken(token);
    const sid = access?.sid ?? refresh?.sid;
    if (sid === undefined) return undefined;
    const { record, now } = await store.load(sid);
    if (record === undefined || isOver(record, now)) return undefined;
    if (refresh !== undefined) return isGenuine({ record, token: refresh }) ? record : undefined;
    // One that has run out will do: whoever holds it was signed in, and only wants to be no more.
    const isKnown = access !== undefined && findAccess(record.auth, digest(access.secret)) >= 0;
    return isKnown ? record : undefined;
  }

  return {
    async revoke(sid: string): Promise<boolean> {
      return isSid(sid) ? remove(sid, 'revoke') : false;
    },

    async end(token: unknown): Promise<boolean> {
      const record = await find(token);
      return record === undefined ? false : remove(record.sid, 'logout');
    },

    async revokeAll(subject: string, options: { readonly except?: string } = {}): Promise<number> {
      assertSubject(subject);
      const tag = tagOfSubject(subject);
      const { except } = options;
      await store.sampleTime(except ?? `${tag}${tag}`);
      const { count } = await store.removeAll(tag, except);
      events.emit('revoked', { cause: 'revoke-all', subject, count });
      settings.logger.info({ count }, 'sessions of a subject revoked');
      return count;
    },
  };
}
