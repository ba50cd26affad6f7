import { findAccess, isExpired, type SessionRecord } from '../store/record.js';
import { parseRefreshToken } from '../token/format.js';
import { assertSubject, isSid } from '../token/session-id.js';
import type { PresentedTokens, RevokeCause } from '../types.js';
import { assertKnown } from '../util/options.js';
import type { EngineContext } from './context.js';
import { isGenuine } from './rotation.js';

const KNOWN: ReadonlySet<string> = new Set(['except']);
const KNOWN_TOKENS: ReadonlySet<string> = new Set<keyof PresentedTokens>([
  'accessToken',
  'refreshToken',
]);

/** The ways to end a session by hand. */
export function createRevoke(context: EngineContext) {
  const { settings, tokens, store, time, events, tagOfSubject } = context;

  async function remove(sid: string, cause: RevokeCause, subject?: string): Promise<boolean> {
    const answer = await store.remove(sid);
    if (answer.status !== 'removed') return false;
    events.emit('revoked', { cause, sid, ...(subject === undefined ? {} : { subject }) });
    settings.logger.info({ sid, cause }, 'session revoked');
    return true;
  }

  async function endBy(
    sid: string | undefined,
    isHolder: (record: SessionRecord) => boolean,
  ): Promise<boolean> {
    if (sid === undefined) return false;
    const { record, now } = await store.load(sid);
    if (record === undefined || isExpired(record, now) || !isHolder(record)) return false;
    return remove(sid, 'logout', record.data.subject);
  }

  return {
    async revoke(sid: string): Promise<boolean> {
      return isSid(sid) ? remove(sid, 'revoke') : false;
    },

    async end(carried: PresentedTokens): Promise<boolean> {
      assertKnown('end', carried, KNOWN_TOKENS);
      const { accessToken, refreshToken } = carried;
      const access =
        accessToken === undefined ? undefined : await tokens.read(accessToken, time.now());
      const token = parseRefreshToken(refreshToken);
      const byRefresh = await endBy(
        token?.sid,
        (record) => token !== undefined && isGenuine({ record, token }),
      );
      // One that has run out will do: whoever holds it was signed in, and only wants to be no more.
      const byAccess = await endBy(
        access?.sid,
        ({ auth }) => access?.digest !== undefined && findAccess(auth, access.digest) >= 0,
      );
      return byRefresh || byAccess;
    },

    async revokeAll(subject: string, options: { readonly except?: string } = {}): Promise<number> {
      assertSubject(subject);
      assertKnown('revokeAll', options, KNOWN);
      const { except } = options;
      const tag = tagOfSubject(subject);
      await store.sampleTime(`${tag}${tag}`);
      const { count } = await store.removeAll(tag, except);
      events.emit('revoked', { cause: 'revoke-all', subject, count });
      settings.logger.info({ count }, 'sessions of a subject revoked');
      return count;
    },
  };
}
