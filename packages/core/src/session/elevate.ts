import { isExpired, isGuest } from '../store/record.js';
import { isSid } from '../token/session-id.js';
import type { Issued, Session } from '../types.js';
import type { EngineContext } from './context.js';
import { createTokenFamily, issueTokens } from './issue-tokens.js';
import { policyOf } from './lifetimes.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';

const MAX_ATTEMPTS = 8;

/** Creates `elevate`: a new family of tokens after re-authentication, and new deadlines (NIST SP 800-63B, section 5.2). */
export function createElevate<Data extends object>(context: EngineContext) {
  const { settings, store, runExclusive } = context;

  return async function elevate(target: string | Session<Data>): Promise<Issued<Data> | undefined> {
    const sid = typeof target === 'string' ? target : target.sid;
    if (!isSid(sid)) return undefined;
    const issued = await runExclusive(sid, () =>
      updateWithRetry(store, {
        sid,
        maxAttempts: MAX_ATTEMPTS,
        async decide(record, at): Promise<Attempt<Issued<Data> | undefined>> {
          if (isExpired(record, at) || isGuest(record)) return { outcome: undefined };
          const policy = policyOf(settings, record.data.life);
          const fresh = createTokenFamily({ at, policy, random: settings.random });
          const next = { ...record, auth: fresh.auth };
          return {
            outcome: await issueTokens<Data>(context, { ...fresh, record: next, at }),
            write: () => store.replaceAuth(record, fresh.auth),
          };
        },
      }),
    );
    if (issued !== undefined) settings.logger.info({ sid }, 'session elevated');
    return issued;
  };
}
