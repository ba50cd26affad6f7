import { createSessions } from '@sess/core';
import { mysqlStore } from '@sess/sql/mysql';
import { postgresStore } from '@sess/sql/postgres';
import { startMariadb, startPostgres } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A database, as the test needs it: a way to send statements, and the sign that a connection had to be replaced. */
async function openPostgres() {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url });
  onTestFinished(async () => {
    await pool.end();
    await server.stop();
  });
  return {
    store: postgresStore(pool),
    run: (text: string) => pool.query(text) as Promise<unknown>,
    reconnect: () => void pool.emit('error', new Error('the connection ended'), {}),
  };
}

async function openMariadb() {
  const server = await startMariadb();
  const pool = createPool({ uri: server.url });
  onTestFinished(async () => {
    await pool.end();
    await server.stop();
  });
  return {
    store: mysqlStore(pool),
    run: (text: string) => pool.query(text) as Promise<unknown>,
    reconnect: () => void pool.emit('connection', undefined as never),
  };
}

describe.each([
  ['PostgreSQL', openPostgres],
  ['MariaDB', openMariadb],
])('after a failover that lost writes, on %s', (_name, open) => {
  it('ends again what this process had ended, and spares who signed in after that', async () => {
    const { store, run, reconnect } = await open();
    await store.migrate();
    const logger = createMemoryLogger();
    const sessions = createSessions({ store, logger });
    onTestFinished(() => sessions.close());
    const ended = await sessions.create({ subject: 'ada' });
    const others = [
      await sessions.create({ subject: 'bob' }),
      await sessions.create({ subject: 'bob' }),
    ];
    const kept = await sessions.create({ subject: 'eve' });
    await run('CREATE TABLE copy AS SELECT * FROM sess_session');
    await sessions.revoke(ended.session.sid);
    await sessions.revokeAll('bob');
    const later = await sessions.create({ subject: 'bob' });

    // What a replica has that heard of the later sign-in, and of no revocation.
    await run(
      'INSERT INTO sess_session SELECT * FROM copy WHERE sid NOT IN (SELECT sid FROM sess_session)',
    );
    await run('UPDATE sess_subject SET revoked_before = -1');
    await run("DELETE FROM sess_mark WHERE id <> 'schema'");
    for (const { accessToken } of [ended, ...others]) {
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    }
    reconnect();
    for (const { accessToken } of [ended, ...others]) {
      await expect.poll(async () => (await sessions.verify(accessToken)).ok).toBe(false);
    }
    for (const { accessToken } of [kept, later]) {
      expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    }
    await expect
      .poll(() => logger.lines.filter(({ message }) => /revived/.test(message)).length)
      .toBe(1);
  }, 120_000);
});
