import { describe, expect, it } from 'vitest';
import {
  assertList,
  assertLoadResult,
  assertRecord,
  assertTime,
  assertWriteResult,
  type WriteOperation,
} from '../../src/session/store-results.js';
import type { SessionRecord } from '../../src/store/record.js';
import { signIn } from './decisions.js';

const { record } = signIn();
const { sid, auth, data } = record;

const check = (result: unknown, operation: WriteOperation) => () =>
  assertWriteResult(result as never, operation);
const invalid = (part: string) => new TypeError(`The store returned an invalid result: ${part}.`);

describe('a result of a store', () => {
  it.each([
    ['now', undefined],
    ['now', null],
    ['now', {}],
    ['now', { now: 1.5 }],
  ] as const)('names the part %s of %j', (part, result) => {
    expect(() => assertTime(result as never)).toThrow(invalid(part));
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['no session id', { auth, data }],
    ['a session id that is no text', { sid: 1, auth, data }],
    ['no tokens', { sid, data }],
    ['an end that is no number', { sid, auth: { ...auth, expiresAt: '1' }, data }],
    ['access tokens that are no list', { sid, auth: { ...auth, access: {} }, data }],
    ['no data', { sid, auth }],
    ['a subject that is no text', { sid, auth, data: { subject: 1 } }],
  ])('is invalid with a record of %s, wherever it is', (_name, given) => {
    const broken = given as unknown as SessionRecord;
    expect(() => assertRecord(broken)).toThrow(invalid('record'));
    expect(() => assertList({ records: [record, broken], now: 1 })).toThrow(invalid('record'));
    expect(check({ status: 'conflict', record: broken, now: 1 }, 'replaceAuth')).toThrow(
      invalid('record'),
    );
    if (given !== undefined) {
      expect(() => assertLoadResult({ record: broken, now: 1 } as never, sid)).toThrow(
        invalid('record'),
      );
    }
  });

  it('is invalid with the record of another session, where one was asked for', () => {
    expect(() => assertRecord(record)).not.toThrow();
    expect(() => assertRecord(record, sid)).not.toThrow();
    expect(() => assertRecord(record, 'T'.repeat(32))).toThrow(invalid('record'));
    expect(() => assertLoadResult({ record, now: 1 } as never, 'T'.repeat(32))).toThrow(
      invalid('record'),
    );
  });

  it('of a read has a record, or the member without one', () => {
    expect(() => assertLoadResult({ record, now: 1 } as never, sid)).not.toThrow();
    expect(() => assertLoadResult({ record: undefined, now: 1 } as never, sid)).not.toThrow();
    expect(() => assertLoadResult({ now: 1 } as never, sid)).toThrow(invalid('record'));
  });

  it('of a list has records', () => {
    expect(() => assertList({ records: [record], now: 1 })).not.toThrow();
    expect(() => assertList({ records: record as never, now: 1 })).toThrow(invalid('records'));
    expect(() => assertList({ records: [], now: Number.NaN })).toThrow(invalid('now'));
  });

  it.each([
    ['insert', { status: 'inserted', evicted: [] }],
    ['insert', { status: 'limit' }],
    ['insert', { status: 'revoked', revokedBefore: 5 }],
    ['replaceAuth', { status: 'replaced' }],
    ['replaceAuth', { status: 'conflict', record }],
    ['replaceAuth', { status: 'absent' }],
    ['replaceData', { status: 'conflict', record }],
    ['remove', { status: 'removed' }],
    ['removeAll', { status: 'removed', count: 2 }],
    ['removeAll', { status: 'late' }],
    ['insert', { status: 'late' }],
  ] as const)('of %s is valid as %j', (operation, result) => {
    expect(check({ ...result, now: 1 }, operation)).not.toThrow();
    expect(check(result, operation)).toThrow(invalid('now'));
  });

  it.each([
    ['insert', 'status', { status: 'replaced' }],
    ['removeAll', 'status', { status: 'absent', count: 1 }],
    ['insert', 'evicted', { status: 'inserted' }],
    ['insert', 'revokedBefore', { status: 'revoked' }],
    ['removeAll', 'count', { status: 'removed' }],
    ['replaceData', 'record', { status: 'conflict' }],
  ] as const)('of %s is invalid by its %s as %j', (operation, part, result) => {
    expect(check({ ...result, now: 1 }, operation)).toThrow(invalid(part));
  });
});
