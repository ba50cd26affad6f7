import { sleep } from '@sess/test-servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import type { Cost, MeasuredDatabase } from './databases.js';
import { createOperations, type Operations, type Work } from './operations.js';

/** Earlier operations of the subject, all within a minute or some. */
const COUNTS = scaled(1_000) < 1_000 ? [10, 100, 500] : [10, 1_000, 10_000];
const SESSIONS = Math.max(1_000, scaled(10_000));
const CALLS = 10;
const BATCHES = 6;
/** Pages or rows beyond the factor: an index that is a level deeper is visited more often. */
const FEW = 15;
/** A machine that is busy stops a statement for a while now and then; such a time is no growth. */
const NOISE_US = 500;
const PATIENCE = 600_000;

type Table = Readonly<Record<string, readonly Cost[]>>;

/** Shows that no operation on a subject costs more for what the subject did before. */
export function costSuite(name: string, open: () => Promise<MeasuredDatabase>): void {
  const histories: Readonly<Record<string, (given: Operations) => Work>> = {
    'sign-in and sign-out': ({ works }) => works['sign-in and sign-out'] as Work,
    'sign-ins at the limit':
      ({ insert }) =>
      () =>
        insert(),
    refreshes: ({ works }) => works['refresh'] as Work,
    'logout-all': ({ logoutAll }) => logoutAll,
  };

  describe(`the work of ${name} on one subject`, () => {
    it.each(Object.entries(histories))(
      'is at most three times that of the first after thousands of: %s',
      async (title, createHistory) => {
        const database = await openFor(open);
        const given = createOperations(database.store, 'ada', 100);
        const operations = {
          ...given.works,
          'logout-others': given.logoutOthers,
          'logout-all': given.logoutAll,
        };
        const history = createHistory(given);
        const table: Record<string, Cost[]> = {};
        let done = 0;
        for (const count of COUNTS) {
          await sleep(5);
          for (; done < count; done += 1) await history();
          for (const [operation, work] of Object.entries(operations)) {
            // So that each is measured with as many sessions of the subject at every count.
            await given.logoutAll();
            // A session that is created in the millisecond of a logout-all is refused.
            await sleep(5);
            for (let n = 0; n < 5; n += 1) await given.insert();
            await given.works['load']?.();
            table[operation] = [...(table[operation] ?? []), await costOf(database, work)];
          }
        }
        report(`${name}, after ${COUNTS.join(', ')} of ${title}`, table);
        for (const [operation, costs] of Object.entries(table)) {
          const [first, ...later] = costs;
          for (const [n, cost] of later.entries()) {
            // A logout-all walks the subject's range of the index, with entries of rows that no vacuum has removed yet.
            const entries = operation.startsWith('logout') ? (COUNTS[n + 1] ?? 0) / 4 : 0;
            expectBounded(operation, cost, first, entries);
          }
        }
      },
      PATIENCE,
    );

    it(
      `is at most three times that of a small one with ${SESSIONS} sessions of the subject`,
      async () => {
        const database = await openFor(open);
        const given = createOperations(database.store, 'ada', 20_000);
        const table: Record<string, Cost[]> = {};
        for (const count of [10, SESSIONS]) {
          await fill(database, given, count);
          await given.works['load']?.();
          for (const [operation, work] of Object.entries(given.works)) {
            table[operation] = [...(table[operation] ?? []), await costOf(database, work)];
          }
        }
        const removed = await database.measure(async () => {
          expect(await given.logoutAll()).toMatchObject({ status: 'removed' });
        });
        report(`${name}, with 10 and ${SESSIONS} sessions`, { ...table, 'logout-all': [removed] });
        for (const [operation, [first, last]] of Object.entries(table)) {
          if (last !== undefined) expectBounded(operation, last, first);
        }
      },
      PATIENCE,
    );
  });
}

async function openFor(open: () => Promise<MeasuredDatabase>): Promise<MeasuredDatabase> {
  const database = await open();
  onTestFinished(() => database.close());
  return database;
}

/** The cost of one call, the least of some batches. */
async function costOf(database: MeasuredDatabase, work: Work): Promise<Cost> {
  const costs: Cost[] = [];
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const cost = await database.measure(async () => {
      for (let n = 0; n < CALLS; n += 1) await work();
    });
    costs.push(cost);
  }
  const least = (values: readonly number[]): number => Math.min(...values) / CALLS;
  const visits = costs.map((cost) => cost.visits ?? Number.NaN);
  return {
    visits: visits.some(Number.isNaN) ? undefined : least(visits),
    microseconds: least(costs.map(({ microseconds }) => microseconds)),
  };
}

/** Rows where the database counts them, else time. */
function expectBounded(operation: string, cost: Cost, first: Cost | undefined, entries = 0): void {
  if (first?.visits === undefined || cost.visits === undefined) {
    const limit = 3 * (first?.microseconds ?? 0) + NOISE_US;
    expect(cost.microseconds, `microseconds of ${operation}`).toBeLessThanOrEqual(limit);
    return;
  }
  expect(cost.visits, `visits of ${operation}`).toBeLessThanOrEqual(
    3 * first.visits + FEW + entries,
  );
}

let copies = 0;

/** Gives the subject so many sessions, as copies of one that the store wrote. */
async function fill(database: MeasuredDatabase, given: Operations, count: number): Promise<void> {
  const { sid } = await given.insert();
  const digits =
    '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
  const columns =
    'created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data';
  const number = '(a.d + 10 * b.d + 100 * c.d + 1000 * e.d)';
  copies += 1;
  const join = database.sidOf(given.tag, copies, number);
  await database.run(
    `INSERT INTO sess_session (sid, ${columns}) SELECT ${join}, ${columns} FROM sess_session, ${digits} a, ${digits} b, ${digits} c, ${digits} e WHERE sid = '${sid}' AND ${number} < ${count}`,
  );
  await database.run(`UPDATE sess_subject SET upper = upper + ${count}`);
}

function report(title: string, table: Table): void {
  const rows = Object.entries(table).map(([operation, costs]) => {
    const visits = costs.map((cost) => (cost.visits?.toFixed(1) ?? '-').padStart(9)).join('');
    const times = costs.map((cost) => cost.microseconds.toFixed(0).padStart(8)).join('');
    return `  ${operation.padEnd(32)}${visits} visits${times} us`;
  });
  console.info(`${title}, a call:\n${rows.join('\n')}`);
}
