import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import type { LoadResult, StoreResult } from '../store/store.js';
import { UNREADABLE } from '../store/store-port.js';

/** A write of the store's contract. */
export type WriteOperation = 'insert' | 'replaceAuth' | 'replaceData' | 'remove' | 'removeAll';

/** The statuses that each write may return, besides `late`. */
const STATUSES: Readonly<Record<WriteOperation, readonly string[]>> = {
  insert: ['inserted', 'limit', 'revoked'],
  replaceAuth: ['replaced', 'conflict', 'absent'],
  replaceData: ['replaced', 'conflict', 'absent'],
  remove: ['removed', 'conflict', 'absent'],
  removeAll: ['removed'],
};

function invalidResult(part: string): TypeError {
  return new TypeError(`The store returned an invalid result: ${part}.`);
}

/** Checks that a result holds the time of the store. */
export function assertTime(result: { readonly now: number }): void {
  if (!Number.isSafeInteger(result?.now)) throw invalidResult('now');
}

/** Checks the members of a record that the engine relies on; with `sid`, also that it is the record of that session. */
export function assertRecord(record: SessionRecord, sid?: string): void {
  const isRecord =
    typeof record?.sid === 'string' &&
    (sid === undefined || record.sid === sid) &&
    typeof record.auth?.expiresAt === 'number' &&
    Array.isArray(record.auth.access) &&
    typeof record.data?.subject === 'string';
  if (!isRecord) throw invalidResult('record');
}

/** Checks the result of `list`. */
export function assertList(result: {
  readonly records: readonly SessionRecord[];
  readonly now: number;
}): void {
  assertTime(result);
  if (!Array.isArray(result.records)) throw invalidResult('records');
  for (const record of result.records) assertRecord(record);
}

/**
 * Checks the result of `load`.
 *
 * @throws {StoreUnavailableError} for a record of a newer version of the store
 */
export function assertLoadResult(result: LoadResult, sid: string): void {
  assertTime(result);
  if (result.status === 'unreadable') {
    throw new StoreUnavailableError(
      'The session was written by a newer version of the store, and cannot be read by this one.',
      { cause: UNREADABLE },
    );
  }
  // A result without the member is invalid; an absent record has the member with `undefined`.
  if (!('record' in result)) throw invalidResult('record');
  if (result.record !== undefined) assertRecord(result.record, sid);
}

/** What a result has besides its status and time. */
type ResultParts = Partial<{ record: SessionRecord } & Record<'evicted' | 'count', unknown>> & {
  readonly revokedBefore?: unknown;
};

/** Checks the result of a write against the statuses that the operation may return. */
export function assertWriteResult(
  result: StoreResult<string> & ResultParts,
  operation: WriteOperation,
): void {
  assertTime(result);
  const { status, record, evicted, revokedBefore, count } = result;
  if (status !== 'late' && !STATUSES[operation].includes(status)) throw invalidResult('status');
  if (status === 'conflict') assertRecord(record as SessionRecord);
  if (status === 'inserted' && !Array.isArray(evicted)) throw invalidResult('evicted');
  if (status === 'revoked' && !Number.isSafeInteger(revokedBefore)) {
    throw invalidResult('revokedBefore');
  }
  if (operation === 'removeAll' && status !== 'late' && !Number.isSafeInteger(count)) {
    throw invalidResult('count');
  }
}
