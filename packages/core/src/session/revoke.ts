import type { PresentedTokens } from '../engine.js';
import { UsageError } from '../errors.js';
import type { RevokeCause, RevokeOptions } from '../events.js';
import { findAccess, isExpired, isGuest, type SessionRecord } from '../store/record.js';
import { UNREADABLE } from '../store/store-port.js';
import { parseRefreshToken } from '../token/format.js';
import { assertSubject, isSid } from '../token/session-id.js';
import { assertKnown, formatShort } from '../util/options.js';
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

/** Creates the methods that end sessions. */
export function createRevoke(context: EngineContext) {
  const { settings, store, events, tagOfSubject, beforeRevokeAll } = context;
  const findPresented = createFindPresented(context);

  /** Reports the removal of a session, if it was one. Returns whether something was removed. */
  function report(
    { status }: { readonly status: string },
    session: { readonly sid: string; readonly cause: RevokeCause } & RevokeOptions,
    record?: SessionRecord,
  ): boolean {
    if (status !== 'removed') return false;
    if (record !== undefined && isGuest(record)) return true;
    const subject = record?.data.subject;
    events.emit('revoked', subject === undefined ? session : { ...session, subject });
    settings.logger.info({ ...session }, 'session revoked');
    return true;
  }

  async function endPresented({ sid, record, alarm }: PresentedSession): Promise<boolean> {
    // Signing out with a spent token ends the session too, and must not pass unnoticed.
    if (!report(await store.remove(sid), { sid, cause: alarm ?? 'logout' }, record)) return false;
    if (alarm !== undefined && record !== undefined && !isGuest(record)) {
      const { subject } = record.data;
      events.emit('reuse', {
        sid,
        subject,
        ...(alarm === 'reuse' ? {} : { alternative: alarm }),
      });
    }
    return true;
  }

  return {
    async revoke(sid: string, options?: RevokeOptions): Promise<boolean> {
      const note = options && checkRevokeOptions(options);
      if (!isSid(sid)) return false;
      return report(await store.remove(sid), { sid, cause: 'revoke', ...note });
    },

    async end(presented: PresentedTokens): Promise<boolean> {
      let hasEnded = false;
      for (const session of await findPresented(presented)) {
        hasEnded = (await endPresented(session)) || hasEnded;
      }
      return hasEnded;
    },

    async revokeAll(subject: string, options: { readonly except?: string } = {}): Promise<number> {
      assertSubject(subject);
      assertKnown('revokeAll', options, ['except']);
      const { except } = options;
      for (const prepare of beforeRevokeAll) await prepare(subject);
      const tag = tagOfSubject(subject);
      await store.sampleTime(`${tag}${tag}`);
      const { count } = await store.removeAll(tag, except);
      events.emit('revoked', { cause: 'revoke-all', subject, count });
      settings.logger.info({ count }, 'sessions of a subject revoked');
      return count;
    },
  };
}

const MAX_NOTE_LENGTH = 128;

function checkRevokeOptions(options: RevokeOptions): RevokeOptions {
  assertKnown('revoke', options, ['by', 'reason']);
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined) continue;
    if (typeof value !== 'string') {
      throw new UsageError(
        'invalid_argument',
        `revoke: expected a string as ${name}, got ${formatShort(value)}.`,
      );
    }
    checked[name] = value.slice(0, MAX_NOTE_LENGTH).toWellFormed();
  }
  return checked;
}
