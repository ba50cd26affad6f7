import { mysqlSchema } from '@sess/sql/mysql';
import { sqliteStore } from '@sess/sql/sqlite';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';

describe('a migration that ends in the middle', () => {
  it('on SQLite leaves no table without a label, which the next one would refuse', async () => {
    const db = new Database(':memory:');
    const interrupted = Object.assign(Object.create(db), {
      prepare: (text: string) => db.prepare(text),
      exec(text: string) {
        if (text.includes("'schema'")) throw new Error('the process ends');
        return db.exec(text);
      },
    });
    await expect(sqliteStore(interrupted).migrate()).rejects.toThrow();
    const store = sqliteStore(db);
    await store.migrate();
    await store.ready();
  });

  it('on MySQL creates the table with the label after all others, as each is committed by itself', () => {
    const tables = mysqlSchema().filter((text) => text.startsWith('CREATE TABLE'));
    expect(tables.findIndex((text) => text.includes('sess schema'))).toBe(tables.length - 1);
  });
});
