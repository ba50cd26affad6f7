import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '@sess/sql/sqlite';
import { sleep } from '@sess/test-servers';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../../../test/history/bundle-worker.js';
import { bundleSqlWorker, disturbDatabase, PATIENCE, runSqlHistory, standStill } from './help.js';

describe('a history of several processes on one SQLite file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sess-history-'));
  const file = join(directory, 'sessions.db');
  let bundle: Bundle;
  let db: Database.Database;
  beforeAll(async () => {
    bundle = await bundleSqlWorker();
    db = new Database(file);
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA busy_timeout = 1000');
    await sqliteStore(db).migrate();
  }, 60_000);
  afterAll(async () => {
    db?.close();
    await bundle?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  it(
    'keeps what was promised while processes die, stand still and hold the lock',
    async () => {
      const { violations, unknowns } = await runSqlHistory({
        name: 'SQLite',
        bundle,
        config: { dialect: 'sqlite', address: file },
        rate: 60,
        startNemesis: (given, pool) =>
          disturbDatabase(given, {
            'killed process': async (prng) => {
              const worker = prng.below(pool.size);
              await pool.kill(worker);
              await sleep(prng.between(0, 500));
              await pool.restart(worker);
              return undefined;
            },
            'stopped process': (prng) => {
              const worker = prng.below(pool.size);
              const stopped = {
                pause: () => pool.signal(worker, 'SIGSTOP'),
                resume: () => pool.signal(worker, 'SIGCONT'),
              };
              return standStill(stopped, prng.between(500, 2_000));
            },
            'lock of another program': async (prng) => {
              // Synchronous, as every driver of a file; a lock that is taken is waited for.
              db.exec('BEGIN IMMEDIATE');
              try {
                await sleep(prng.between(300, 1_500));
              } finally {
                db.exec('COMMIT');
              }
              return undefined;
            },
            checkpoint: async () => {
              db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
              return undefined;
            },
          }),
      });
      expect(violations).toBe('');
      expect(unknowns, 'calls without a result after the last disturbance').toEqual([]);
      expect(db.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
    },
    PATIENCE,
  );
});
