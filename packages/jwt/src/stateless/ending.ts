import type { Logger, PresentedTokens } from '@sess/core';
import { assertSubject, type Events, isSid, tagOf } from '@sess/core/engine';
import { assertKnown } from '@sess/core/options';
import type { ClaimsVerifier } from '../denylist/claims-verifier.js';
import type { DenylistClient } from '../denylist/denylist-client.js';
import { NotRevocableError } from '../errors.js';
import type { TokenReader } from '../token/reader.js';
import { replaceToken } from './succession.js';
import type { StatelessSessions } from './types.js';

const KNOWN_EXCEPT: ReadonlySet<string> = new Set(['except']);
const KNOWN_TOKENS: ReadonlySet<string> = new Set<keyof PresentedTokens>([
  'accessToken',
  'refreshToken',
]);

export interface EndingContext {
  readonly read: TokenReader;
  readonly check: ClaimsVerifier['check'];
  /** Nothing can be ended without one. */
  readonly denylist: DenylistClient | undefined;
  readonly tagOfSubject: (subject: string) => string;
  readonly createJti: () => string;
  readonly now: () => number;
  readonly events: Events;
  readonly logger: Logger;
}

/** What ends sessions that live in their tokens: entries of a denylist. */
export type Ending = Pick<StatelessSessions, 'revoke' | 'revokeAll' | 'revokeToken' | 'end'>;

export function createEnding(context: EndingContext): Ending {
  const { read, check, denylist, tagOfSubject, createJti, now, events, logger } = context;

  function revocable(): DenylistClient {
    if (denylist === undefined) throw new NotRevocableError();
    return denylist;
  }

  async function denySession(sid: string, cause: 'revoke' | 'logout', subject?: string) {
    await revocable().deny(tagOf(sid), [{ kind: 'session', id: sid }]);
    events.emit('revoked', { cause, sid, ...(subject === undefined ? {} : { subject }) });
    logger.info({ sid, cause }, 'session revoked');
  }

  /**
   * Ends the session of a genuine token. One that was exchanged will do, and one that has run out since: a refresh may be
   * under way in another tab, and must not outlive the logout.
   */
  async function endBy(given: unknown): Promise<boolean> {
    const at = now();
    const reading = await read(given, at);
    const token = reading.ok ? reading : reading.expired;
    if (token === undefined) return false;
    // Without a denylist nothing was exchanged either: what has run out is over.
    if (!reading.ok && denylist === undefined) return false;
    const replaced = await replaceToken(revocable(), token, { jti: createJti(), at });
    if (replaced === undefined || (!reading.ok && !replaced.isRepeated)) return false;
    await denySession(token.sid, 'logout', token.claimed.session.subject);
    return true;
  }

  return {
    async revoke(sid: string) {
      const isDeniable = isSid(sid);
      if (isDeniable) await denySession(sid, 'revoke');
      else revocable();
      return isDeniable;
    },

    async revokeAll(subject: string, given: { readonly except?: string } = {}) {
      assertSubject(subject);
      assertKnown('revokeAll', given, KNOWN_EXCEPT);
      await revocable().denyAll(tagOfSubject(subject), given.except);
      events.emit('revoked', { cause: 'revoke-all', subject, count: 1 });
      logger.info({}, 'sessions of a subject revoked');
      return 1;
    },

    async revokeToken(accessToken: unknown) {
      const { deny } = revocable();
      const checked = await check(accessToken, now());
      if (!('claimed' in checked)) return false;
      const { sid, digest } = checked;
      await deny(tagOf(sid), [{ kind: 'token', id: digest }]);
      events.emit('revoked', { cause: 'revoke', sid, subject: checked.claimed.session.subject });
      return true;
    },

    async end(carried: PresentedTokens) {
      assertKnown('end', carried, KNOWN_TOKENS);
      let isEnded = false;
      for (const token of new Set([carried.accessToken, carried.refreshToken])) {
        if (token !== undefined && (await endBy(token))) isEnded = true;
      }
      return isEnded;
    },
  };
}
