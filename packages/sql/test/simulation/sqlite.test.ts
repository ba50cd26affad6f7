import { simulationSuite } from '@sess/simulation';
import { sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import { NOW } from '../../src/sqlite/statements.js';
import { afterReady, RUNS, replaceClock } from './help.js';

simulationSuite(
  'SQLite',
  {
    makeStore(clock) {
      const db = new Database(':memory:');
      const toSimulated = replaceClock(NOW, clock, String);
      const store = sqliteStore({
        // The store prepares a text once, and the time is a part of it.
        prepare: (text) => ({
          all: (...values: never[]) => db.prepare(toSimulated(text)).all(...values),
          run: (...values: never[]) => db.prepare(toSimulated(text)).run(...values),
        }),
        exec: (text) => db.exec(text),
        close: () => db.close(),
      });
      return afterReady(store, store.migrate());
    },
  },
  { runs: RUNS },
);
