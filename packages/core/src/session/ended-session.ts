import { isGuest } from '../store/record.js';
import type { EngineContext } from './context.js';
import type { PresentedSession } from './presented-session.js';

const LOG_MESSAGES = {
  reuse: 'a spent refresh token was presented: session ended',
  'lost-writes':
    'a refresh token is newer than the session: the store lost writes, or the token is forged; session ended',
  refused: 'onRefresh refused the session: session ended',
} as const;

/** Why a session ended that its user has not signed out of. */
export type EndCause = keyof typeof LOG_MESSAGES;

/** The reports of one engine. Called by the process that removed the session, so that one theft is one event. */
export interface EndReports {
  /** Reports the end by a token that may be a copy, or by the application: the alarm first. */
  ended(sid: string, given: { readonly cause: EndCause; readonly subject: string }): void;
  /** Reports the end by a sign-out or by the next sign-in, which raises the same alarm for the same token. */
  signedOut(session: PresentedSession, subject?: string): void;
}

/** Creates the reports of an engine. The end of a guest is not reported: there is no user whom it could concern. */
export function createEndReports({ settings, events }: EngineContext): EndReports {
  const { logger } = settings;

  function ended(sid: string, given: { readonly cause: EndCause; readonly subject: string }): void {
    const { cause, subject } = given;
    // A forged generation looks like lost writes, so both raise the alarm.
    if (cause === 'reuse') events.emit('reuse', { sid, subject });
    if (cause === 'lost-writes') events.emit('reuse', { sid, subject, alternative: cause });
    events.emit('revoked', { cause, sid, subject });
    logger.warn({ sid, cause }, LOG_MESSAGES[cause]);
  }

  return {
    ended,
    signedOut({ sid, record, alarm }, subject = record?.data.subject) {
      if (record !== undefined && isGuest(record)) return;
      if (alarm !== undefined && subject !== undefined) {
        ended(sid, { cause: alarm, subject });
        return;
      }
      const cause = 'logout';
      events.emit('revoked', { cause, sid, ...(subject === undefined ? {} : { subject }) });
      logger.info({ sid, cause }, 'session revoked');
    },
  };
}
