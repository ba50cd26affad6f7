import { isExpired } from '../store/record.js';
import { isSid } from '../token/session-id.js';
import type { Issued, Session } from '../types.js';
import { createTokenFamily } from './birth.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';
import { type Attempt, updateWithRetry } from './rounds.js';

const MAX_ATTEMPTS = 8;

/** After re-authentication: a new family of tokens, and both deadlines anew (NIST SP 800-63B, section 5.2). */
export function createElevate<Data extends object>(context: EngineContext) {
  const { settings, store, runExclusive } = context;

  return async function elevate(target: string | Session<Data>): Promise<Issued<Data> | undefined> {
    const sid = typeof target === 'string' ? target : target.sid;
    if (!isSid(sid)) return undefined;
    const issued = await runExclusive(sid, () =>
      updateWithRetry(store, {
        sid,
        rounds: MAX_ATTEMPTS,
        async decide(record, at): Promise<Attempt<Issued<Data> | undefined>> {
          if (isExpired(record, at)) return { outcome: undefined };
          const fresh = createTokenFamily({ at, policy: settings, random: settings.random });
          const next = { ...record, auth: fresh.auth };
          return {
            outcome: await issue<Data>(context, { ...fresh, record: next, at }),
            write: () => store.replaceAuth(record, fresh.auth),
          };
        },
      }),
    );
    if (issued !== undefined) settings.logger.info({ sid }, 'session elevated');
    return issued;
  };
}
