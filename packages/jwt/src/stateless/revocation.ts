import type { Logger, PresentedTokens } from '@sess/core';
import { assertKnown, assertSubject, type Events, isSid, tagOf } from '@sess/core/internal';
import { type ClaimsVerifier, toDeniable } from '../denylist/claims-verifier.js';
import type { DenylistClient } from '../denylist/denylist-client.js';
import { NotRevocableError } from '../errors.js';
import type { TokenReader, VerifiedToken } from '../token/reader.js';
import type { StatelessSessions } from './options.js';
import { replaceToken } from './tokens.js';

export interface RevocationContext {
  readonly read: TokenReader;
  readonly check: ClaimsVerifier['check'];
  /** Without one, nothing can be ended. */
  readonly denylist: DenylistClient | undefined;
  readonly tagOfSubject: (subject: string) => string;
  readonly createJti: () => string;
  readonly now: () => number;
  readonly events: Events;
  readonly logger: Logger;
}

/** The methods that end sessions which live in their tokens. */
export type Revocation = Pick<StatelessSessions, 'revoke' | 'revokeAll' | 'revokeToken' | 'end'>;

/** Creates the methods that end sessions by entries of a denylist. */
export function createRevocation(context: RevocationContext): Revocation {
  const { read, check, denylist, tagOfSubject, createJti, now, events, logger } = context;

  function requireDenylist(): DenylistClient {
    if (denylist === undefined) throw new NotRevocableError();
    return denylist;
  }

  async function denySession(sid: string, cause: 'revoke' | 'logout', subject?: string) {
    await requireDenylist().deny(tagOf(sid), [{ kind: 'session', id: sid }]);
    events.emit('revoked', { cause, sid, ...(subject === undefined ? {} : { subject }) });
    logger.info({ sid, cause }, 'session revoked');
  }

  /**
   * Ends the session of a genuine token. An exchanged token is sufficient, and so is one that has expired since: a
   * refresh in another tab must not outlive the logout.
   */
  async function endBy(presented: unknown): Promise<boolean> {
    const at = now();
    const reading = await read(presented, at);
    if (reading.ok) return endByLive(reading, at);
    // Without a denylist, no expired token was exchanged.
    if (reading.reason !== 'expired' || reading.genuine === undefined || denylist === undefined)
      return false;
    return endIfExchanged(reading.genuine, at);
  }

  async function endByLive(token: VerifiedToken, at: number): Promise<boolean> {
    // Denying needs no memory on a full server, unlike replacing. It comes first.
    if (await requireDenylist().isDenied(toDeniable(token), at)) return endIfExchanged(token, at);
    await denySession(token.sid, 'logout', token.claimed.session.subject);
    return true;
  }

  /** A token that is denied may only have been exchanged: its successors must end, too. */
  async function endIfExchanged(token: VerifiedToken, at: number): Promise<boolean> {
    const replaced = await replaceToken(requireDenylist(), token, { jti: createJti(), at });
    if (replaced?.isRepeated !== true) return false;
    await denySession(token.sid, 'logout', token.claimed.session.subject);
    return true;
  }

  return {
    async revoke(sid: string) {
      if (isSid(sid)) {
        await denySession(sid, 'revoke');
        return true;
      }
      requireDenylist();
      return false;
    },

    async revokeAll(subject: string, options: { readonly except?: string } = {}) {
      assertSubject(subject);
      assertKnown('revokeAll', options, ['except']);
      await requireDenylist().denyAll(tagOfSubject(subject), options.except);
      events.emit('revoked', { cause: 'revoke-all', subject, count: 1 });
      logger.info({}, 'sessions of a subject revoked');
      return 1;
    },

    async revokeToken(accessToken: unknown) {
      const { deny } = requireDenylist();
      const checked = await check(accessToken);
      if (!('claimed' in checked)) return false;
      const { sid, digest } = checked;
      await deny(tagOf(sid), [{ kind: 'token', id: digest }]);
      events.emit('revoked', { cause: 'revoke', sid, subject: checked.claimed.session.subject });
      return true;
    },

    async end(presented: PresentedTokens) {
      assertKnown('end', presented, [
        'accessToken',
        'refreshToken',
      ] satisfies (keyof PresentedTokens)[]);
      let isEnded = false;
      for (const token of new Set([presented.accessToken, presented.refreshToken])) {
        if (token !== undefined && (await endBy(token))) isEnded = true;
      }
      return isEnded;
    },
  };
}
