import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import { createStatements } from '../../src/postgres/statements.js';
import { createTableNames } from '../../src/store/names.js';
import { type MeasuredDatabase, openPostgres } from './databases.js';
import { createOperations } from './operations.js';

/** Sessions in the table: a million in a nightly run. */
const SESSIONS = Math.max(20_000, scaled(1_000_000));
const OF_ONE = Math.max(1_000, scaled(10_000));
/** Refreshes of each session. */
const ROUNDS = SESSIONS > 100_000 ? 1 : 10;
const HOUR = 3_600_000;

describe(`a PostgreSQL table of ${SESSIONS} sessions`, () => {
  let database: MeasuredDatabase;
  beforeAll(async () => {
    database = await openPostgres({ maintenance_work_mem: '256MB', shared_buffers: '512MB' });
    const { sid } = await createOperations(database.store, 'template', 100).insert();
    // Sessions of 4 for each subject; those of every hundredth ended long ago.
    const tag = `translate(encode(sha256((n / 4)::text::bytea), 'base64'), '+/', '-_')`;
    const end = `CASE WHEN n % 100 = 0 THEN 1000 ELSE expires_at END`;
    await database.run(
      `INSERT INTO sess_session SELECT left(${tag}, 16) || 'session' || lpad(n::text, 9, '0'), created_at, ${end}, used_at, (${end} / ${HOUR} + 1) * ${HOUR}, generation, replayed, auth_version, data_version, auth, data FROM sess_session, generate_series(1, ${SESSIONS}) n WHERE sid = '${sid}'`,
    );
    await database.run(
      `INSERT INTO sess_subject SELECT DISTINCT left(sid, 16), 1, -1, 4, max(sweep_at) FROM sess_session GROUP BY left(sid, 16) ON CONFLICT DO NOTHING`,
    );
    // Without any the planner would rightly read the empty table.
    await database.run(
      `INSERT INTO sess_mark SELECT 'operation' || n, 9000000000000, '' FROM generate_series(1, 50000) n`,
    );
    await database.run('VACUUM ANALYZE');
  }, 600_000);
  afterAll(() => database?.close());

  it('is read by index in every statement', async () => {
    const names = createTableNames({ table: 'sess', quote: '"' });
    const scans: string[] = [];
    for (const [name, { text, parameters }] of Object.entries(createStatements(names, undefined))) {
      // A sweep has one plan for its one limit; the others have one for any values.
      const isSweep = name.startsWith('sweep');
      const values = Array.from({ length: parameters }, () => (isSweep ? '1000' : 'NULL'));
      const given = parameters === 0 ? '' : `(${values.join(', ')})`;
      const mode = isSweep ? 'force_custom_plan' : 'force_generic_plan';
      const plan = (await database.run(
        `SET plan_cache_mode = ${mode}; PREPARE it AS ${text}; EXPLAIN EXECUTE it${given}; DEALLOCATE it`,
      )) as readonly { readonly rows: readonly Record<string, string>[] }[];
      const lines = plan.flatMap(({ rows }) => rows).map((row) => row['QUERY PLAN'] ?? '');
      expect(lines.length, name).toBeGreaterThan(0);
      for (const line of lines) {
        if (/Seq Scan on sess_|Scan Backward/.test(line)) scans.push(`${name}: ${line.trim()}`);
      }
    }
    expect(scans).toEqual([]);
  }, 120_000);

  it('plans what is done often once for each connection', async () => {
    // On a new connection: no setting of another test, no plan from when the table was empty.
    await database.run('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
    const given = createOperations(database.store, 'grace', 100);
    for (const work of Object.values(given.works)) {
      // After five plans for given values the server compares them with one for any.
      for (let n = 0; n < 8; n += 1) await work();
    }
    const { rows } = (await database.run(
      `SELECT left(statement, 60) AS statement FROM pg_prepared_statements
       WHERE generic_plans = 0 AND custom_plans > 5 AND statement LIKE '%"sess\\_%'`,
    )) as { readonly rows: readonly { readonly statement: string }[] };
    expect(rows.map(({ statement }) => statement)).toEqual([]);
  });

  it('takes no more of an operation than a small one', async () => {
    const given = createOperations(database.store, 'ada', 100);
    await given.works['load']?.();
    const lines: string[] = [];
    for (const [name, work] of Object.entries(given.works)) {
      const { visits = 0, microseconds } = await database.measure(async () => {
        for (let n = 0; n < 50; n += 1) await work();
      });
      lines.push(`  ${name.padEnd(32)} ${visits / 50} pages, ${(microseconds / 50).toFixed(0)} us`);
      // The tree of the index is three levels deep where it was one or two. A sign-in that replaces a session is three
      // operations, 85 pages at a million.
      expect(visits / 50, name).toBeLessThan(100);
    }
    console.info(`with ${SESSIONS} sessions, a call:\n${lines.join('\n')}`);
  }, 120_000);

  it(`ends ${OF_ONE} sessions of a subject, and sweeps ended ones, in bounded work`, async () => {
    const given = createOperations(database.store, 'eve', 20_000);
    const { sid } = await given.insert();
    await database.run(
      `INSERT INTO sess_session SELECT left(sid, 16) || 'session' || lpad(n::text, 9, '0'), created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data FROM sess_session, generate_series(1, ${OF_ONE}) n WHERE sid = '${sid}'`,
    );
    const ended = await database.measure(async () => {
      expect(await given.logoutAll()).toMatchObject({ status: 'removed', count: OF_ONE + 1 });
    });
    const swept = await database.measure(() => database.store.sweep());
    const show = ({ visits = 0, microseconds }: typeof ended): string =>
      `${visits} pages, ${(microseconds / 1_000).toFixed(1)} ms`;
    console.info(`  revoke-all of ${OF_ONE}: ${show(ended)}\n  sweep: ${show(swept)}`);
    // A row, its entries in two indexes, and the way to them.
    expect(ended.visits).toBeLessThan(8 * OF_ONE);
    // Each ended session is of another subject, whose counter is found and written, too: 7.7 pages a session between a
    // quarter of a million and a million, and 9,400 besides.
    expect(swept.visits).toBeLessThan(12_000 + 8 * (SESSIONS / 100));
  }, 120_000);

  it('sweeps subjects without sessions in bounded work, and reads nothing when there are none', async () => {
    await database.run(
      `INSERT INTO sess_subject SELECT 'gone' || lpad(n::text, 12, '0'), 1, -1, 0, 1 FROM generate_series(1, 1000) n`,
    );
    const { visits } = await database.measure(() => database.store.sweep());
    const left = (await database.run(
      `SELECT count(*)::float8 AS count FROM sess_subject WHERE tag LIKE 'gone%'`,
    )) as { readonly rows: readonly { readonly count: number }[] };
    expect(left.rows[0]?.count).toBe(0);
    expect(visits).toBeLessThan(30_000);

    for (let swept = 0; swept <= SESSIONS / 100; swept += 1_000) await database.store.sweep();
    const idle = await database.measure(() => database.store.sweep());
    // With nothing to sweep.
    expect(idle.visits).toBeLessThan(100);
  }, 120_000);

  it('takes few bytes a session beside its data, also after many refreshes', async () => {
    const sizes = `SELECT pg_table_size('sess_session')::float8 AS heap, pg_indexes_size('sess_session')::float8 AS indexes, (SELECT sum(octet_length(data)) FROM sess_session)::float8 AS data, (SELECT count(*) FROM sess_session)::float8 AS count`;
    const read = async () =>
      ((await database.run(sizes)) as { readonly rows: readonly Record<string, number>[] }).rows[0];
    const bytesOf = (row: Record<string, number> | undefined): number =>
      ((row?.['heap'] ?? 0) + (row?.['indexes'] ?? 0) - (row?.['data'] ?? 0)) /
      (row?.['count'] ?? 1);
    const fresh = bytesOf(await read());
    // What a store does at a rotation, on all rows, in ten parts a round.
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let part = 0; part < 10; part += 1) {
        await database.run(
          `UPDATE sess_session SET used_at = used_at + 1, expires_at = expires_at + 1, generation = generation + 1, auth_version = auth_version + 1, auth = reverse(auth) WHERE right(sid, 1) = '${part}'`,
        );
        // What autovacuum does about every minute.
        await database.run('VACUUM sess_session');
      }
    }
    const later = bytesOf(await read());
    const hot = (await database.run(
      `SELECT n_tup_hot_upd::float8 / n_tup_upd AS share FROM pg_stat_user_tables WHERE relname = 'sess_session'`,
    )) as { readonly rows: readonly { readonly share: number }[] };
    console.info(
      `  bytes a session beside its data: ${fresh.toFixed(0)}, ${later.toFixed(0)} after ${ROUNDS} refreshes each; ${((hot.rows[0]?.share ?? 0) * 100).toFixed(1)} % of updates in place`,
    );
    expect(fresh).toBeLessThan(650);
    expect(later).toBeLessThan(1.3 * fresh);
  }, 900_000);
});
