import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from '@sess/core';
import { mysqlStore } from '@sess/sql/mysql';
import { sqliteStore } from '@sess/sql/sqlite';
import { startMariadb } from '@sess/test-servers';
import Database from 'libsql';
import { createPool } from 'mysql2/promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SqlStore } from '../../src/store/sql-store.js';

const TIMEOUT = '20s';
const LIMIT = 5;

async function openMariadb(): Promise<readonly SqlStore[]> {
  const server = await startMariadb();
  const pools = [1, 2].map(() => createPool({ uri: server.url }));
  onTestFinished(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await server.stop();
  });
  return pools.map((pool) => mysqlStore(pool, { timeout: TIMEOUT }));
}

async function openSqlite(): Promise<readonly SqlStore[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sess-writers-'));
  const databases = [1, 2].map(() => {
    const db = new Database(join(directory, 'sessions.db'));
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA busy_timeout = 5000');
    return db;
  });
  onTestFinished(() => {
    for (const db of databases) db.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return databases.map((db) => sqliteStore(db, { timeout: TIMEOUT }));
}

describe.each([
  ['MariaDB', openMariadb],
  ['SQLite', openSqlite],
])('64 writers of one subject over two connections or pools, on %s', (_name, open) => {
  it('keep the limit exact, and do not deadlock', async () => {
    const stores = await open();
    await stores[0]?.migrate();
    const engines = stores.map((store) => createSessions({ store, maxPerSubject: LIMIT }));
    const errors: unknown[] = [];
    await Promise.all(
      Array.from({ length: 64 }, async (_unused, n) => {
        const engine = engines[n % 2];
        for (let turn = 0; turn < 3; turn += 1) {
          try {
            const issued = await engine?.create({ subject: 'ada' });
            if (n % 3 === 0 && issued) await engine?.revoke(issued.session.sid);
            if (n === 0 && turn === 1) await engine?.revokeAll('ada');
          } catch (error) {
            errors.push(error);
          }
        }
      }),
    );
    expect(errors).toEqual([]);
    expect((await engines[0]?.list('ada'))?.length).toBeLessThanOrEqual(LIMIT);
    await Promise.all(
      engines.flatMap((engine) => [1, 2, 3, 4].map(() => engine.create({ subject: 'ada' }))),
    );
    expect(await engines[1]?.list('ada')).toHaveLength(LIMIT);
  }, 120_000);
});
