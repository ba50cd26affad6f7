import { StoreUnavailableError, UsageError } from '../errors.js';
import { type DataPart, isOver } from '../store/record.js';
import { isSid } from '../token/id.js';
import type { Session } from '../types.js';
import type { EngineContext } from './context.js';
import { checkData } from './create.js';
import { toSession } from './view.js';

/** Rounds through conflicting patches; each costs one write, and one of the rivals always gets through. */
const ATTEMPTS = 100;

/** Changes a session's data, so that concurrent patches all take effect and none revives an ended session. */
export function createUpdate<Data extends object>(context: EngineContext) {
  const { settings, store } = context;

  return async function update(
    sid: string,
    patch: Partial<Data> | ((data: Readonly<Data>) => Data),
  ): Promise<Session<Data> | undefined> {
    if (typeof patch !== 'function' && (typeof patch !== 'object' || patch === null)) {
      throw new UsageError(
        'invalid_argument',
        'update() takes an object to merge, or a function of the data.',
      );
    }
    if (!isSid(sid)) return undefined;
    const loaded = await store.load(sid);
    let { record, now: at } = loaded;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (record === undefined || isOver(record, at)) return undefined;
      const current = record.data.data as Data;
      const next = typeof patch === 'function' ? patch(current) : { ...current, ...patch };
      const data: DataPart = Object.freeze({
        ...record.data,
        data: await checkData(settings.schema, next),
      });
      const answer = await store.replaceData(record, data);
      if (answer.status === 'absent') return undefined;
      if (answer.status === 'replaced') return toSession<Data>({ ...record, data });
      record = answer.record;
      at = answer.now;
    }
    throw new StoreUnavailableError(
      `The session was being written by others ${ATTEMPTS} times in a row. Try again.`,
    );
  };
}
