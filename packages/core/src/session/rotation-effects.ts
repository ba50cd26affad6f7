import { type AuthPart, type DataPart, isGuest, type SessionRecord } from '../store/record.js';
import type { RejectionReason } from '../types.js';
import { checkData } from '../util/json.js';
import type { EngineContext } from './context.js';
import { createEndReports, type EndCause } from './ended-session.js';
import { toIssueError, toSession } from './issue-tokens.js';
import type { Attempt } from './optimistic-update.js';

const REASONS = { reuse: 'reused', 'lost-writes': 'unknown', refused: 'revoked' } as const;

interface Rejected {
  readonly ok: false;
  readonly reason: RejectionReason;
}

interface Ended {
  readonly kind: 'end';
  readonly cause: EndCause;
}

/** A session that ended. `isOwn`: this call is the one that removed it. */
export interface EndedSession extends Ended {
  readonly subject: string;
  readonly isGuest: boolean;
  isOwn: boolean;
}

/** What follows a decision about a refresh token, whether it was sent to be refreshed or as a cookie. */
export interface RotationEffects {
  /** Reports a refusal, and returns it. */
  reject(reason: RejectionReason, sid?: string): Rejected;
  end(record: SessionRecord, ended: Ended): Attempt<EndedSession>;
  reportEnd(sid: string, ended: EndedSession): Rejected;
  /** Asks `onRefresh`. Returns the data part to continue with, or `false` to end the session. */
  askApplication(record: SessionRecord): Promise<DataPart | false>;
  /** Writes a rotation with the data that `onRefresh` returned: both or neither. */
  write(
    loaded: SessionRecord,
    next: {
      readonly auth: AuthPart;
      readonly data: DataPart;
      /** The generation whose step a lost race marks as replayed. */
      readonly contested: number | undefined;
    },
  ): ReturnType<NonNullable<Attempt<unknown>['write']>>;
}

/** Creates the effects for an engine. */
export function createRotationEffects(context: EngineContext): RotationEffects {
  const { settings, store, events } = context;
  const reports = createEndReports(context);

  function reject(reason: RejectionReason, sid?: string): Rejected {
    events.emit('rejected', { token: 'refresh', reason, ...(sid === undefined ? {} : { sid }) });
    settings.logger.debug({ sid, reason }, 'refresh token rejected');
    return { ok: false, reason };
  }

  /** Removes the session as it was decided: after a re-authentication in between, decides again. */
  function end(record: SessionRecord, { cause }: Ended): Attempt<EndedSession> {
    const outcome = {
      kind: 'end' as const,
      cause,
      subject: record.data.subject,
      isGuest: isGuest(record),
      isOwn: false,
    };
    return {
      outcome,
      async write() {
        const result = await store.remove(record.sid, record);
        if (result.status === 'conflict') return result;
        outcome.isOwn = result.status === 'removed';
        return { status: 'replaced', now: result.now };
      },
    };
  }

  /** Returns the refusal. Only the call that removed the session reports it, so that one theft is one event. */
  function reportEnd(
    sid: string,
    { cause, subject, isGuest: isOfGuest, isOwn }: EndedSession,
  ): Rejected {
    // There is no user whom the events could concern.
    if (isOwn && !isOfGuest) reports.ended(sid, { cause, subject });
    return reject(REASONS[cause], sid);
  }

  async function askApplication(record: SessionRecord): Promise<DataPart | false> {
    const { onRefresh, schema, maxDataLength } = settings;
    if (onRefresh === undefined || isGuest(record)) return record.data;
    try {
      const decision: unknown = await onRefresh(toSession<never>(record));
      if (decision === false) return false;
      if (typeof decision !== 'object' || decision === null) return record.data;
      const data = await checkData(schema, decision, maxDataLength);
      return Object.freeze({ ...record.data, data });
    } catch (error) {
      throw toIssueError(context, { sid: record.sid, error, problem: 'onRefresh failed' });
    }
  }

  const write: RotationEffects['write'] = (loaded, { auth, data, contested }) =>
    store.replaceAuth(loaded, auth, contested, data === loaded.data ? undefined : data);

  return { reject, end, reportEnd, askApplication, write };
}
