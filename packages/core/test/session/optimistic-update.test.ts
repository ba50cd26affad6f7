import { StoreUnavailableError } from '@sess/core';
import type { SessionRecord } from '@sess/core/store';
import { expect, test } from 'vitest';
import { createRecord } from '../../../../test/kit.js';
import { type Attempt, updateWithRetry } from '../../src/session/optimistic-update.js';
import type { StorePort } from '../../src/store/store-port.js';

const NOW = 1_000_000;
const record = createRecord({ now: NOW });
const left = { ...record, authVersion: 2 };

const storeWith = (found: SessionRecord | undefined): StorePort =>
  ({ load: async () => ({ record: found, now: NOW }) }) as unknown as StorePort;

type Write = NonNullable<Attempt<unknown>['write']>;

/** Decides with writes that answer what is given, one a round; notes what was decided on. */
async function decide(maxAttempts: number, answers: readonly Awaited<ReturnType<Write>>[]) {
  const seen: [number, number][] = [];
  const outcome = await updateWithRetry(storeWith(record), {
    sid: record.sid,
    maxAttempts,
    decide: ({ authVersion }, at) => {
      const answer = answers[seen.length];
      seen.push([authVersion, at]);
      const round = { outcome: `round ${seen.length}` };
      return answer === undefined ? round : { ...round, write: async () => answer };
    },
  }).catch((error: unknown) => error);
  return { outcome, seen };
}

const conflict = { status: 'conflict', record: left, now: NOW + 5 } as const;

test('there is nothing to decide on without a session', async () => {
  const unasked = () => expect.unreachable('nobody is to be asked') as never;
  const given = { sid: record.sid, maxAttempts: 3, decide: unasked };
  expect(await updateWithRetry(storeWith(undefined), given)).toBeUndefined();
});

test('a decision that writes nothing is final', async () => {
  expect(await decide(3, [])).toEqual({ outcome: 'round 1', seen: [[1, NOW]] });
});

test('a decision that was written stands', async () => {
  const replaced = { status: 'replaced', now: NOW } as const;
  expect(await decide(3, [replaced])).toEqual({ outcome: 'round 1', seen: [[1, NOW]] });
});

test('a session that ended before the write is absent', async () => {
  expect(await decide(1, [{ status: 'absent', now: NOW }])).toEqual({
    outcome: undefined,
    seen: [[1, NOW]],
  });
});

test('after a conflict the decision runs again, on the newer record and its time', async () => {
  expect(await decide(3, [conflict])).toEqual({
    outcome: 'round 2',
    seen: [
      [1, NOW],
      [2, NOW + 5],
    ],
  });
});

test('an update that loses every attempt throws StoreUnavailableError after the last attempt', async () => {
  const { outcome, seen } = await decide(3, [conflict, conflict, conflict, conflict]);
  expect(outcome).toBeInstanceOf(StoreUnavailableError);
  expect(seen).toHaveLength(3);
});
