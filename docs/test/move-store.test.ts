import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { postgresStore } from '@sess/sql/postgres';
import { sqliteStore } from '@sess/sql/sqlite';
import { openStandalone, startPostgres } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import Database from 'libsql';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { moveStore } from '../guides/move-store.js';

async function openPostgres() {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url });
  onTestFinished(async () => {
    await pool.end();
    await server.stop();
  });
  return postgresStore(pool);
}

async function openSqlite() {
  const database = new Database(':memory:');
  onTestFinished(() => void database.close());
  return sqliteStore(database);
}

describe.each([
  ['PostgreSQL', openPostgres],
  ['SQLite', openSqlite],
])('the program that moves sessions from Redis to %s', { timeout: 60_000 }, (_name, open) => {
  /** A store on Redis with other keys beside it, the new store, and engines for both. */
  async function arrange() {
    const server = await openStandalone(inject('servers'));
    const redis = new Redis(server.url);
    onTestFinished(async () => {
      redis.disconnect();
      await server.stop();
    });
    const keyPrefix = `move:${crypto.randomUUID()}:`;
    await redis.set(`${keyPrefix}of-another-program`, 'text');
    const to = await open();
    await to.migrate();
    const settings = { logger: silentLogger, maxPerSubject: 100, grace: 0 };
    const before = createSessions({ ...settings, store: redisStore(redis, { keyPrefix }) });
    const after = createSessions({ ...settings, store: to });
    return { before, after, move: () => moveStore({ redis, keyPrefix, to }) };
  }

  it('keeps ids, data and all tokens valid, and guests', async () => {
    const { before, after, move } = await arrange();
    const issued = await before.create({ subject: 'ada', data: { theme: 'dark' } });
    const refreshed = await before.refresh(issued.refreshToken);
    if (!refreshed.ok) throw new Error('expected a refresh');
    const other = await before.create({ subject: 'ada' });
    const guest = await before.createGuest({ data: { cart: ['tea'] } });
    expect(await move()).toBe(3);

    expect(await after.list('ada')).toEqual(await before.list('ada'));
    expect((await after.list('ada')).map(({ sid }) => sid).toSorted()).toEqual(
      [issued.session.sid, other.session.sid].toSorted(),
    );
    expect(await after.verify(refreshed.accessToken)).toMatchObject({
      ok: true,
      session: { sid: issued.session.sid, data: { theme: 'dark' } },
    });
    expect(await after.refresh(other.refreshToken)).toMatchObject({ ok: true });
    expect(await after.refresh(refreshed.refreshToken)).toMatchObject({ ok: true });
    expect(await after.present(guest.refreshToken, { canRenew: false })).toMatchObject({
      guest: { data: { cart: ['tea'] } },
    });
  });

  it('leaves out sessions that have ended, and notices a stolen token from before', async () => {
    const { before, after, move } = await arrange();
    const ended = await before.create({ subject: 'ada' });
    await before.end({ refreshToken: ended.refreshToken });
    await before.create({ subject: 'bob' });
    await before.revokeAll('bob');
    const stolen = await before.create({ subject: 'eve' });
    const first = await before.refresh(stolen.refreshToken);
    if (!first.ok) throw new Error('expected a refresh');
    const second = await before.refresh(first.refreshToken);
    if (!second.ok) throw new Error('expected a refresh');
    expect(await move()).toBe(1);

    expect(await after.verify(ended.accessToken)).toMatchObject({ ok: false });
    expect([await after.list('ada'), await after.list('bob')]).toEqual([[], []]);
    expect(await after.refresh(stolen.refreshToken)).toMatchObject({ ok: false, reason: 'reused' });
    expect(await after.list('eve')).toEqual([]);
  });

  it('may run again, and does not put back what has changed in the new store', async () => {
    const { before, after, move } = await arrange();
    const sessions = await Promise.all(
      Array.from({ length: 20 }, () => before.create({ subject: 'ada' })),
    );
    expect([await move(), await move()]).toEqual([20, 20]);
    expect(await after.list('ada')).toHaveLength(20);
    const refreshed = await after.refresh(sessions[0]?.refreshToken ?? '');
    if (!refreshed.ok) throw new Error('expected a refresh');
    expect(await move()).toBe(20);
    expect(await after.refresh(refreshed.refreshToken)).toMatchObject({ ok: true });
  });
});
