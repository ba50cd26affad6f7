import { createSessions } from '@sess/core';
import type { SqlDenylist, SqlStore, SqlStoreOptions } from '@sess/sql/sqlite';
import { silentLogger } from '@sess/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { printSchema } from '../src/print-schema.js';

/** One database, as the tests of its schema use it. */
export interface SchemaHarness {
  /** Runs a text of several statements as it is. */
  run(text: string): Promise<void>;
  openStore(options: SqlStoreOptions): SqlStore;
  openDenylist(table: string): SqlDenylist;
  /** Writes the label of the tables. */
  setLabel(table: string, label: string): Promise<void>;
  close(): Promise<void>;
}

/** What differs between the databases. */
export interface SchemaCase {
  readonly dialect: 'postgres' | 'sqlite' | 'mysql';
  /** Types of a key of users, each with the literal of a user and the subject. */
  readonly keys: readonly (readonly [type: string, literal: string, subject: string])[];
  open(): Promise<SchemaHarness>;
}

let run = 0;

/** Tests the printed statements, the reference to users and the versions of the tables. */
export function schemaSuite({ dialect, keys, open }: SchemaCase): void {
  describe(`schema: ${dialect}`, () => {
    let harness: SchemaHarness;
    let table: string;
    let stores: SqlStore[] = [];
    beforeEach(async () => {
      harness = await open();
      run += 1;
      table = `schema_${process.pid}_${run}`;
    });
    afterEach(async () => {
      await Promise.all(stores.map((store) => store.close()));
      stores = [];
      await harness.close();
    });

    function openStore(options: SqlStoreOptions): SqlStore {
      const store = harness.openStore(options);
      stores.push(store);
      return store;
    }

    const engineOn = (store: SqlStore) => createSessions({ store, logger: silentLogger });

    async function expectToWork(store: SqlStore, subject = 'ada'): Promise<void> {
      const sessions = engineOn(store);
      const { accessToken, session } = await sessions.create({ subject });
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      expect(await sessions.revoke(session.sid)).toBe(true);
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: false });
    }

    it('prints statements that run as they are, on which store and denylist work', async () => {
      await harness.run(printSchema([dialect, '--table', table, '--denylist']));
      const store = openStore({ table });
      await store.ready();
      await store.migrate();
      await expectToWork(store);
      const denylist = harness.openDenylist(table);
      await denylist.ready();
      expect(await denylist.currentVersion('a'.repeat(16), 60_000)).toBeGreaterThan(0);
    });

    it('prints the statements of a prefix that the store needs', async () => {
      await harness.run(printSchema([dialect, `--table=${table}`]));
      await expect(openStore({ table: `${table}x` }).ready()).rejects.toThrow('missing');
    });

    it.each(keys)(
      'deletes the sessions of a deleted user whose key is %s',
      async (type, literal, subject) => {
        await harness.run(`CREATE TABLE users_${table} (id ${type} PRIMARY KEY);`);
        await harness.run(`INSERT INTO users_${table} (id) VALUES (${literal});`);
        const users = { table: `users_${table}`, type };
        const store = openStore({ table, users });
        await store.migrate();
        await store.migrate();
        const sessions = engineOn(store);
        const { accessToken } = await sessions.create({ subject });
        await sessions.create({ subject });
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
        await harness.run(`DELETE FROM users_${table};`);
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: false, reason: 'unknown' });
        expect(await sessions.list(subject)).toEqual([]);
        const refused = await sessions.create({ subject }).catch((error: unknown) => error);
        expect(String((refused as Error).cause)).toContain('not in the table of users');
      },
    );

    it.each(keys)(
      'keeps what a visitor has before the sign-in, who is no user yet, beside a key of users that is %s',
      async (type, literal, subject) => {
        await harness.run(`CREATE TABLE users_${table} (id ${type} PRIMARY KEY);`);
        await harness.run(`INSERT INTO users_${table} (id) VALUES (${literal});`);
        const store = openStore({ table, users: { table: `users_${table}`, type } });
        await store.migrate();
        const sessions = engineOn(store);
        const put = { name: 'state', value: 'kept' };
        const { refreshToken } = await sessions.createGuest({ data: { cart: ['tea'] }, put });
        const options = { replaces: { refreshToken }, keep: ['cart'] };
        const { session } = await sessions.create({ subject }, options);
        expect(session.data).toEqual({ cart: ['tea'] });
        expect(await sessions.take(session.sid, 'state')).toBe('kept');
        await harness.run(`DELETE FROM users_${table};`);
        expect(await sessions.get(session.sid)).toBeUndefined();
      },
    );

    it('prints the reference to users, and adds it to tables that lack it', async () => {
      const [[type, literal, subject] = ['', '', '']] = keys;
      await harness.run(`CREATE TABLE users_${table} (uid ${type} PRIMARY KEY);`);
      await harness.run(`INSERT INTO users_${table} (uid) VALUES (${literal});`);
      const flags = ['--users', `users_${table}`, '--users-column', 'uid', '--users-type', type];
      await harness.run(printSchema([dialect, '--table', table, ...flags]));
      const users = { table: `users_${table}`, column: 'uid', type };
      await expectToWork(openStore({ table, users }), subject);

      const later = `${table}l`;
      const earlier = openStore({ table: later });
      await earlier.migrate();
      const old = await engineOn(earlier).create({ subject });
      const store = openStore({ table: later, users });
      await expect(engineOn(store).create({ subject })).rejects.toMatchObject({
        cause: expect.objectContaining({ message: expect.stringContaining('migrate()') }),
      });
      await store.migrate();
      const young = await engineOn(store).create({ subject });
      await harness.run(`DELETE FROM users_${table};`);
      expect(await engineOn(store).verify(young.accessToken)).toMatchObject({ ok: false });
      // It was created before the reference, so it stays until it ends.
      expect(await engineOn(store).verify(old.accessToken)).toMatchObject({ ok: true });
    });

    it('lets an older build work on newer tables that still allow it', async () => {
      const store = openStore({ table });
      await store.migrate();
      await harness.run(`ALTER TABLE ${table}_session ADD COLUMN later INTEGER DEFAULT 7;`);
      await harness.setLabel(table, 'sess schema 9, for builds from 1');
      await store.migrate();
      await store.ready();
      await expectToWork(store);
    });

    it('refuses an older build on newer tables that do not allow it', async () => {
      const store = openStore({ table });
      await store.migrate();
      await harness.setLabel(table, 'sess schema 9');
      await expect(store.migrate()).rejects.toThrow('schema version 1 or below, got 9');
      await expect(store.ready()).rejects.toMatchObject({ code: 'invalid_option' });
    });

    it('refuses a newer build on older tables until migrate() brought them up to date', async () => {
      const store = openStore({ table });
      await store.migrate();
      await harness.setLabel(table, 'sess schema 0');
      await expect(store.ready()).rejects.toThrow('expected tables of schema version 1, got 0');
      await store.migrate();
      await store.ready();
      await expectToWork(store);
    });
  });
}
