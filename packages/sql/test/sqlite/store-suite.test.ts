import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '@sess/sql/sqlite';
import { sleep } from '@sess/test-servers';
import { storeSuite } from '@sess/testkit/suites';
import Database from 'libsql';
import { afterAll } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'sess-sqlite-'));
let run = 0;
afterAll(() => rmSync(directory, { recursive: true, force: true }));

storeSuite('SQLite through libsql', async () => {
  run += 1;
  const db = new Database(join(directory, `${run}.db`));
  const store = sqliteStore(db, { timeout: '5s' });
  await store.migrate();
  return {
    store,
    passTime: sleep,
    async close() {
      await store.close();
      db.close();
    },
  };
});
