import { InvalidDataError } from '../errors.js';
import { type DataPart, isExpired, type SessionRecord } from '../store/record.js';
import { isSid } from '../token/session-id.js';
import type { Session } from '../types.js';
import { isPlainObject } from '../util/json.js';
import { checkData } from './checked-data.js';
import type { EngineContext } from './context.js';
import { type Attempt, updateWithRetry } from './rounds.js';
import { toSession } from './view.js';

/** Rounds through conflicting patches; each costs one write, and one of the rivals always gets through. */
const MAX_ATTEMPTS = 100;

/** Changes a session's data, so that concurrent patches all take effect and none revives an ended session. */
export function createUpdate<Data extends object>(context: EngineContext) {
  const { settings, tokens, store, runExclusive } = context;

  return async function update(
    sid: string,
    patch: Partial<Data> | ((data: Readonly<Data>) => Data),
  ): Promise<Session<Data> | undefined> {
    if (typeof patch !== 'function' && !isPlainObject(patch)) {
      throw new InvalidDataError('A patch must be a plain object or a function.');
    }
    if (!isSid(sid)) return undefined;
    const decide = async (
      record: SessionRecord,
      at: number,
    ): Promise<Attempt<Session<Data> | undefined>> => {
      if (isExpired(record, at)) return { outcome: undefined };
      const current = record.data.data as Data;
      const next = typeof patch === 'function' ? patch(current) : { ...current, ...patch };
      const checked = await checkData(settings.schema, next);
      const data: DataPart = Object.freeze({ ...record.data, data: checked });
      const session = toSession<Data>({ ...record, data });
      // What no token can carry would fail every refresh from now on.
      tokens.assertIssuable?.(session);
      return {
        outcome: session,
        write: () => store.replaceData(record, data),
      };
    };
    return runExclusive(sid, () => updateWithRetry(store, { sid, rounds: MAX_ATTEMPTS, decide }));
  };
}
