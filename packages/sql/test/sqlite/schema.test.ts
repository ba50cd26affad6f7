import { sqliteDenylist, sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import { schemaSuite } from '../schema-suite.js';

schemaSuite({
  dialect: 'sqlite',
  keys: [
    ['INTEGER', '42', '42'],
    ['TEXT', "'ada'", 'ada'],
  ],
  async open() {
    const db = new Database(':memory:');
    db.exec('PRAGMA foreign_keys = ON');
    return {
      run: async (text) => void db.exec(text),
      openStore: (options) => sqliteStore(db, options),
      openDenylist: (table) => sqliteDenylist(db, { table }),
      setLabel: async (table, label) =>
        void db.exec(`UPDATE ${table}_mark SET answer = '${label}' WHERE id = 'schema'`),
      close: async () => void db.close(),
    };
  },
});
