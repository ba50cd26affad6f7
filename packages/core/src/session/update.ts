import type { Sessions } from '../engine.js';
import { InvalidDataError } from '../errors.js';
import { type DataPart, isExpired, isGuest, type SessionRecord } from '../store/record.js';
import { assertSubject, isSid } from '../token/session-id.js';
import type { Session } from '../types.js';
import { checkData, isPlainObject } from '../util/json.js';
import type { EngineContext } from './context.js';
import { toIssueError, toSession } from './issue-tokens.js';
import { stamped } from './once.js';
import { type Attempt, updateWithRetry } from './optimistic-update.js';

/** Attempts at a patch; each conflict costs one write, and one of the competing patches always succeeds. */
const MAX_ATTEMPTS = 100;

/** A change of session data: names to merge, or a function of the data so far. */
export type Patch<Data> = Partial<Data> | ((data: Readonly<Data>) => Data);

/** Creates the function that returns the data part after a patch, checked. */
export function createApplyPatch<Data extends object>(
  context: EngineContext,
): (record: SessionRecord, patch: Patch<Data>) => Promise<DataPart> {
  const { settings, tokens } = context;
  // If the data did not fit before the patch either, the patch is not to blame.
  return async (record, patch) => {
    const current = record.data.data as Data;
    const next = typeof patch === 'function' ? patch(current) : { ...current, ...patch };
    const check = async (data: object): Promise<DataPart> => {
      const part = Object.freeze({
        ...record.data,
        data: await checkData(settings.schema, data, settings.maxDataLength),
      });
      // Data that no token can carry would fail every later refresh.
      tokens.assertIssuable?.(toSession<Data>({ ...record, data: part }));
      return part;
    };
    try {
      return await check(next);
    } catch (error) {
      const isStale = await check(current).then(
        () => false,
        () => true,
      );
      if (!isStale || typeof patch === 'function') throw error;
      const problem = 'the stored data does not fit the schema or the claims';
      throw toIssueError(context, { sid: record.sid, error, problem });
    }
  };
}

/** Creates `update` and `updateAll`. Concurrent patches all take effect, and none revives an ended session. */
export function createUpdate<Data extends object>(
  context: EngineContext,
): Pick<Sessions<Data>, 'update' | 'updateAll'> {
  const { settings, store, tagOfSubject, runExclusive } = context;
  const applyPatch = createApplyPatch<Data>(context);

  async function update(sid: string, patch: Patch<Data>): Promise<Session<Data> | undefined> {
    assertPatch(patch);
    if (!isSid(sid)) return undefined;
    const decide = async (
      record: SessionRecord,
      at: number,
    ): Promise<Attempt<Session<Data> | undefined>> => {
      if (isExpired(record, at) || isGuest(record)) return { outcome: undefined };
      const patched = await applyPatch(record, patch);
      // The same patch twice has the effect of one. The same function twice may not: it may count.
      const data = typeof patch === 'function' ? stamped(patched, settings.random) : patched;
      return {
        outcome: toSession<Data>({ ...record, data }),
        write: () => store.replaceData(record, data),
      };
    };
    return runExclusive(sid, () =>
      updateWithRetry(store, { sid, maxAttempts: MAX_ATTEMPTS, decide }),
    );
  }

  return {
    update,
    async updateAll(subject: string, patch: Patch<Data>): Promise<number> {
      assertSubject(subject);
      assertPatch(patch);
      const { records } = await store.list(tagOfSubject(subject));
      let count = 0;
      for (const { sid } of records) {
        if ((await update(sid, patch)) !== undefined) count += 1;
      }
      return count;
    },
  };
}

export function assertPatch(patch: unknown): void {
  if (typeof patch === 'function' || isPlainObject(patch)) return;
  throw new InvalidDataError('A patch must be a plain object or a function.');
}
