import { isOver } from '../store/record.js';
import { isSid } from '../token/id.js';
import type { Issued } from '../types.js';
import { createFreshAuth } from './birth.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';
import { decideInRounds, type Round } from './rounds.js';

const ROUNDS = 8;

/** After re-authentication: a new family of tokens, and both deadlines anew (NIST SP 800-63B, section 5.2). */
export function createElevate<Data extends object>(context: EngineContext) {
  const { settings, store, inTurn } = context;

  return async function elevate(sid: string): Promise<Issued<Data> | undefined> {
    if (!isSid(sid)) return undefined;
    const issued = await inTurn(sid, () =>
      decideInRounds(store, {
        sid,
        rounds: ROUNDS,
        decide(record, at): Round<Issued<Data> | undefined> {
          if (isOver(record, at)) return { outcome: undefined };
          const fresh = createFreshAuth({ at, policy: settings, random: settings.random });
          return {
            outcome: issue<Data>(settings, {
              ...fresh,
              record: { ...record, auth: fresh.auth },
              at,
            }),
            write: () => store.replaceAuth(record, fresh.auth),
          };
        },
      }),
    );
    if (issued !== undefined) settings.logger.info({ sid }, 'session elevated');
    return issued;
  };
}
