import { isOver } from '../store/record.js';
import { isSid } from '../token/id.js';
import type { Issued, Session } from '../types.js';
import { createFreshAuth } from './birth.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';
import { decideInRounds, type Round } from './rounds.js';

const ROUNDS = 8;

/** After re-authentication: a new family of tokens, and both deadlines anew (NIST SP 800-63B, section 5.2). */
export function createElevate<Data extends object>(context: EngineContext) {
  const { settings, store, inTurn } = context;

  return async function elevate(target: string | Session<Data>): Promise<Issued<Data> | undefined> {
    const sid = typeof target === 'string' ? target : target.sid;
    if (!isSid(sid)) return undefined;
    const issued = await inTurn(sid, () =>
      decideInRounds(store, {
        sid,
        rounds: ROUNDS,
        async decide(record, at): Promise<Round<Issued<Data> | undefined>> {
          if (isOver(record, at)) return { outcome: undefined };
          const fresh = createFreshAuth({ at, policy: settings, random: settings.random });
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
