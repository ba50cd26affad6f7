import { StoreUnavailableError } from '../errors.js';
import { isOver } from '../store/record.js';
import { isSid } from '../token/id.js';
import type { Issued } from '../types.js';
import { createFreshAuth } from './birth.js';
import type { EngineContext } from './context.js';
import { issue } from './issue.js';

const ATTEMPTS = 8;

/** After re-authentication: a new family of tokens, and both deadlines anew (NIST SP 800-63B, section 5.2). */
export function createElevate<Data extends object>(context: EngineContext) {
  const { settings, store } = context;

  return async function elevate(sid: string): Promise<Issued<Data> | undefined> {
    if (!isSid(sid)) return undefined;
    const loaded = await store.load(sid);
    let { record, now: at } = loaded;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (record === undefined || isOver(record, at)) return undefined;
      const fresh = createFreshAuth({ at, policy: settings, random: settings.random });
      const answer = await store.replaceAuth(record, fresh.auth);
      if (answer.status === 'absent') return undefined;
      if (answer.status === 'replaced') {
        settings.logger.info({ sid }, 'session elevated');
        return issue<Data>(settings, { ...fresh, record: { ...record, auth: fresh.auth }, at });
      }
      record = answer.record;
      at = answer.now;
    }
    throw new StoreUnavailableError(
      `The session was being written by others ${ATTEMPTS} times in a row. Try again.`,
    );
  };
}
