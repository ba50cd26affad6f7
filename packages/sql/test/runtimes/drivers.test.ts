import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SqliteClient, sqliteStore } from '@sess/sql/sqlite';
import { sleep } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { storeSuite } from '@sess/testkit/suites';
import { afterAll, describe, expect, it } from 'vitest';
import { createRecord, createWrite } from '../../../../test/kit.js';

/** The drivers that come with runtimes: the name of the module, and of its class. */
const DRIVERS = { 'node:sqlite': 'DatabaseSync', 'bun:sqlite': 'Database' } as const;

type Database = SqliteClient & { close(): void };

const directory = mkdtempSync(join(tmpdir(), 'sess-drivers-'));
let run = 0;
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function nextFile(): string {
  run += 1;
  return join(directory, `${run}.db`);
}

/** Returns the class of a driver, `undefined` if this runtime has none. */
function findDriver(name: keyof typeof DRIVERS): (new (path: string) => Database) | undefined {
  const module = process.getBuiltinModule?.(name) as
    | Readonly<Record<string, new (path: string) => Database>>
    | undefined;
  return module?.[DRIVERS[name]];
}

for (const name of Object.keys(DRIVERS) as (keyof typeof DRIVERS)[]) {
  const Driver = findDriver(name);
  describe.skipIf(Driver === undefined)(`${name}, if the runtime has it`, () => {
    storeSuite(`SQLite through ${name}`, async () => {
      if (Driver === undefined) throw new Error(name);
      const db = new Driver(nextFile());
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
  });
}

describe.skipIf(findDriver('node:sqlite') === undefined)('a file given by name', () => {
  storeSuite('SQLite in a file that the store opened', async () => {
    const store = sqliteStore(nextFile(), { timeout: '5s' });
    return { store, passTime: sleep, close: () => store.close() };
  });

  it('keeps its sessions when it is closed and opened again', async () => {
    const path = nextFile();
    const first = sqliteStore(path);
    const record = createRecord({ now: Date.now(), subject: 'ada' });
    const limit = { max: 9, onLimit: 'reject' } as const;
    await first.insert(record, limit, createWrite(Date.now()));
    await first.close();
    const second = sqliteStore(path);
    second.open?.({ clock: { now: () => Date.now() }, logger: silentLogger });
    await second.ready();
    expect((await second.load(record.sid)).record).toEqual(record);
    await second.close();
  });
});

describe.skipIf(findDriver('node:sqlite') !== undefined)(
  'a file given by name, on a runtime without SQLite',
  () => {
    it('is refused with the package to install', () => {
      expect(() => sqliteStore('sessions.db')).toThrow(/Install libsql/);
    });
  },
);
