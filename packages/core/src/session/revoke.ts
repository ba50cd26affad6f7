import type { PresentedTokens } from '../engine.js';
import { UsageError } from '../errors.js';
import type { RevokeOptions } from '../events.js';
import { assertSubject, isSid } from '../token/session-id.js';
import { assertKnown, formatShort } from '../util/options.js';
import type { EngineContext } from './context.js';
import { createEndReports } from './ended-session.js';
import { createFindPresented } from './presented-session.js';

/** Creates the methods that end sessions. */
export function createRevoke(context: EngineContext) {
  const { settings, store, events, tagOfSubject, beforeRevokeAll } = context;
  const findPresented = createFindPresented(context);
  const reports = createEndReports(context);

  return {
    async revoke(sid: string, options?: RevokeOptions): Promise<boolean> {
      const note = options && checkRevokeOptions(options);
      if (!isSid(sid) || (await store.remove(sid)).status !== 'removed') return false;
      const session = { sid, cause: 'revoke' as const, ...note };
      events.emit('revoked', session);
      settings.logger.info(session, 'session revoked');
      return true;
    },

    async end(presented: PresentedTokens): Promise<boolean> {
      let hasEnded = false;
      for (const session of await findPresented(presented)) {
        if ((await store.remove(session.sid)).status !== 'removed') continue;
        reports.signedOut(session);
        hasEnded = true;
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
