import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import { createStatements } from '../../src/sqlite/statements.js';
import { SWEEP_SIZE } from '../../src/store/dialect.js';
import { createTableNames } from '../../src/store/names.js';
import type { SqlStore } from '../../src/store/sql-store.js';
import { createOperations } from './operations.js';

/** Sessions in the table: a million in a nightly run. */
const SESSIONS = Math.max(20_000, scaled(1_000_000));
const OF_ONE = Math.max(1_000, scaled(10_000));
const HOUR = 3_600_000;
const COLUMNS =
  'created_at, expires_at, used_at, sweep_at, generation, replayed, auth_version, data_version, auth, data';

describe(`an SQLite file of ${SESSIONS} sessions`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sess-large-'));
  const file = join(folder, 'sessions.db');
  const db = new Database(file);
  let store: SqlStore;

  /** Reads on a connection that ends with the read: the driver keeps a statement open that was not read to its end. */
  function read<Row>(text: string, values: readonly unknown[] = []): readonly Row[] {
    const witness = new Database(file);
    try {
      return witness.prepare(text).all(...values) as Row[];
    } finally {
      witness.close();
    }
  }
  const count = (): number =>
    read<{ readonly count: number }>('SELECT count(*) AS count FROM sess_session')[0]?.count ?? 0;
  /** Adds copies of a session: `tag` and `end` are expressions over `n`, from 1 on. */
  function copy(sid: string, copies: number, { tag, end }: { tag: string; end: string }): void {
    db.exec(
      `WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ${copies})
       INSERT INTO sess_session (sid, ${COLUMNS})
       SELECT ${tag} || printf('session%09d', n), created_at, ${end}, used_at, (${end} / ${HOUR} + 1) * ${HOUR}, generation, replayed, auth_version, data_version, auth, data
       FROM series, (SELECT * FROM sess_session WHERE sid = '${sid}')`,
    );
  }

  beforeAll(async () => {
    store = sqliteStore(db, { timeout: '30s', sweep: false });
    await store.migrate();
    const { sid } = await createOperations(store, 'template', 100).insert();
    // Sessions of 4 for each subject; those of every hundredth ended long ago. Tags in no order, as digests are.
    const tag = `printf('%016x', ((n / 4) * 6364136223846793005 + 1442695040888963407))`;
    copy(sid, SESSIONS, { tag, end: 'CASE WHEN n % 100 = 0 THEN 1000 ELSE expires_at END' });
    db.exec(
      `INSERT OR IGNORE INTO sess_subject (tag, revoked_before, upper, sweep_at)
       SELECT substr(sid, 1, 16), -1, 4, max(sweep_at) FROM sess_session GROUP BY substr(sid, 1, 16)`,
    );
  }, 600_000);
  afterAll(async () => {
    await store?.close();
    db.close();
    rmSync(folder, { recursive: true });
  });

  it('is read by index in every statement', () => {
    const names = createTableNames({ table: 'sess', quote: '"' });
    const scans: string[] = [];
    for (const [name, given] of Object.entries(createStatements(names, undefined))) {
      for (const { text, order } of [given].flat()) {
        const plan = read<{ readonly detail: string }>(
          `EXPLAIN QUERY PLAN ${text}`,
          order.map(() => 1),
        );
        const found = plan.filter(({ detail }) => /^SCAN (?:"?sess_|[sbm]\b)/.test(detail));
        scans.push(...found.map(({ detail }) => `${name}: ${detail}`));
      }
    }
    expect(scans).toEqual([]);
  });

  it('takes milliseconds of processor time at most for an operation', async () => {
    const given = createOperations(store, 'ada', 100);
    await given.works['load']?.();
    const lines: string[] = [];
    for (const [name, work] of Object.entries(given.works)) {
      const before = process.cpuUsage();
      for (let n = 0; n < 50; n += 1) await work();
      const { user, system } = process.cpuUsage(before);
      const microseconds = (user + system) / 50;
      lines.push(`  ${name.padEnd(32)} ${microseconds.toFixed(0)} us`);
      expect(microseconds, name).toBeLessThan(20_000);
    }
    console.info(`SQLite file with ${SESSIONS} sessions, a call:\n${lines.join('\n')}`);
  }, 120_000);

  it(`ends ${OF_ONE} sessions of a subject, and sweeps ended ones`, async () => {
    const given = createOperations(store, 'eve', 20_000);
    const { sid } = await given.insert();
    copy(sid, OF_ONE, { tag: `'${sid.slice(0, 16)}'`, end: 'expires_at' });
    const sessions = count();
    const began = performance.now();
    expect(await given.logoutAll()).toMatchObject({ status: 'removed', count: OF_ONE + 1 });
    const ended = performance.now() - began;
    expect(count()).toBe(sessions - OF_ONE - 1);
    const swept = performance.now();
    await store.sweep();
    const sweep = performance.now() - swept;
    expect(count()).toBe(sessions - OF_ONE - 1 - Math.min(SWEEP_SIZE, SESSIONS / 100));
    for (let rest = SESSIONS / 100; rest > 0; rest -= SWEEP_SIZE) await store.sweep();
    // All that have ended are gone, and none of the others.
    expect(count()).toBe(sessions - OF_ONE - 1 - SESSIONS / 100);
    console.info(
      `  revoke-all of ${OF_ONE}: ${ended.toFixed(1)} ms\n  sweep of ${SWEEP_SIZE}: ${sweep.toFixed(1)} ms`,
    );
    expect(ended).toBeLessThan(OF_ONE);
  }, 120_000);

  it('takes few bytes a session beside its data', () => {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    db.exec('VACUUM');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const [data] = read<{ readonly bytes: number }>(
      'SELECT sum(length(data)) AS bytes FROM sess_session',
    );
    const each = (statSync(file).size - (data?.bytes ?? 0)) / count();
    console.info(`  bytes a session beside its data: ${each.toFixed(0)}`);
    expect(each).toBeLessThan(650);
  }, 300_000);
});
