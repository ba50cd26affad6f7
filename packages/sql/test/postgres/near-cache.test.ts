import { createSessions } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { type PostgresStoreOptions, postgresStore } from '@sess/sql/postgres';
import {
  type PgbouncerServer,
  type PostgresServer,
  startPgbouncer,
  startPostgres,
  until,
} from '@sess/test-servers';
import { createMemoryLogger, silentLogger } from '@sess/testkit';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createRecord, createWrite } from '../../../../test/kit.js';

let server: PostgresServer;
let pool: pg.Pool;
let run = 0;
beforeAll(async () => {
  server = await startPostgres();
  pool = new pg.Pool({ connectionString: server.url });
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

const LIMIT = { max: 100, onLimit: 'reject' } as const;
const clock = { now: () => Date.now() };

function nextTable(): string {
  run += 1;
  return `near_own_${run}`;
}

/** Opens a store with a near cache on a pool that ends with the test. */
function openNear(
  table: string,
  options: PostgresStoreOptions & {
    readonly url?: string;
    readonly logger?: typeof silentLogger;
  } = {},
): SessionStore & { migrate(): Promise<void> } {
  const { url = server.url, logger = silentLogger, ...rest } = options;
  const client = new pg.Pool({ connectionString: url });
  const store = postgresStore(client, { table, nearCache: true, timeout: '10s', ...rest });
  store.open?.({ clock, logger });
  onTestFinished(async () => {
    await store.close();
    await client.end();
  });
  return store;
}

async function insert(store: SessionStore, subject = 'ada') {
  const record = createRecord({ now: Date.now(), subject });
  await store.insert(record, LIMIT, createWrite(Date.now()));
  return record;
}

async function fill(store: SessionStore, sid: string): Promise<void> {
  await until(
    async () => {
      await store.load(sid);
      return store.getCached?.(sid) !== undefined;
    },
    { what: 'the session to be cached', timeoutMs: 20_000 },
  );
}

const forgotten = (store: SessionStore, sid: string): Promise<unknown> =>
  until(() => store.getCached?.(sid) === undefined, { what: 'the change', timeoutMs: 20_000 });

describe('a near cache on PostgreSQL', { timeout: 90_000 }, () => {
  it('reports missing triggers once with the repair, and works after migrate', async () => {
    const table = nextTable();
    await postgresStore(pool, { table }).migrate();
    const logger = createMemoryLogger();
    const near = openNear(table, { logger });
    const record = await insert(near);
    const warnings = () => logger.lines.filter(({ level }) => level === 'warn');
    await until(() => warnings().length > 0, { what: 'the warning', timeoutMs: 20_000 });
    expect(JSON.stringify(warnings())).toContain('run store.migrate()');
    await near.load(record.sid);
    expect(near.getCached?.(record.sid)).toBeUndefined();
    await near.migrate();
    await fill(near, record.sid);
    expect(warnings()).toHaveLength(1);
  });

  it('stops to serve from memory when its triggers are switched off', async () => {
    const table = nextTable();
    const near = openNear(table);
    await near.migrate();
    const { sid } = await insert(near);
    await fill(near, sid);
    await pool.query(`ALTER TABLE ${table}_session DISABLE TRIGGER USER`);
    await forgotten(near, sid);
    await near.load(sid);
    expect(near.getCached?.(sid)).toBeUndefined();
  });

  it('hears of rotations, changes of data and removals, but not of inserts, acknowledgements and swept sessions', async () => {
    const table = nextTable();
    const store = postgresStore(pool, { table, nearCache: true });
    await store.migrate();
    const heard: string[] = [];
    const listener = new pg.Client(server.url);
    await listener.connect();
    onTestFinished(() => listener.end());
    listener.on('notification', ({ payload = '' }) => heard.push(payload));
    await listener.query(`LISTEN "${table}_near"`);
    const write = () => createWrite(Date.now());
    async function heardAfter(deed: () => Promise<unknown>): Promise<readonly string[]> {
      heard.length = 0;
      await deed();
      // Notices arrive in order, so this one comes after all others.
      await pool.query(`SELECT pg_notify('${table}_near', 'end')`);
      await until(() => heard.includes('end'), { what: 'the last notice' });
      return heard.slice(0, -1);
    }

    const record = createRecord({ now: Date.now(), subject: 'ada', auth: { replayed: false } });
    const { sid, auth, data } = record;
    const tag = sid.slice(0, 16);
    const acknowledged = { ...auth, acknowledged: true };
    expect(await heardAfter(() => store.insert(record, LIMIT, write()))).toEqual([]);
    expect(await heardAfter(() => store.replaceAuth(sid, 1, acknowledged, write()))).toEqual([]);
    const rotated = { ...acknowledged, generation: auth.generation + 1 };
    expect(await heardAfter(() => store.replaceAuth(sid, 2, rotated, write()))).toEqual([tag]);
    const changed = { ...data, data: { handle: 'new' } };
    expect(await heardAfter(() => store.replaceData(sid, 1, changed, write()))).toEqual([tag]);
    for (let n = 0; n < 5; n += 1) await insert(store);
    expect(await heardAfter(() => store.removeAll(tag, undefined, write()))).toEqual([tag]);
    await insert(store, 'bob');
    await heardAfter(() => pool.query(`UPDATE ${table}_session SET expires_at = 0, sweep_at = 0`));
    expect(await heardAfter(() => store.sweep())).toEqual([]);
    expect(await heardAfter(() => pool.query(`TRUNCATE ${table}_session`))).toEqual(['*']);
  });

  it('forgets a session that was deleted by hand or by TRUNCATE', async () => {
    const table = nextTable();
    const near = openNear(table);
    await near.migrate();
    for (const statement of [`DELETE FROM ${table}_session`, `TRUNCATE ${table}_session`]) {
      const { sid } = await insert(near);
      await fill(near, sid);
      await pool.query(statement);
      await forgotten(near, sid);
    }
  });

  it('hears of a removal through postgres.js, also after the server ended its connection', async () => {
    const table = nextTable();
    const sql = postgres(server.url, { onnotice: () => undefined });
    const near = postgresStore(sql, { table, nearCache: true, timeout: '10s' });
    near.open?.({ clock, logger: silentLogger });
    onTestFinished(async () => {
      await near.close();
      await sql.end({ timeout: 0 });
    });
    await near.migrate();
    const other = postgresStore(pool, { table });
    for (let n = 0; n < 2; n += 1) {
      const { sid } = await insert(near);
      await fill(near, sid);
      await other.remove(sid, createWrite(Date.now()));
      await forgotten(near, sid);
      await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'listen%'",
      );
    }
  });

  it('refuses a client that cannot listen', () => {
    const port = { query: async () => [], batch: async () => [] };
    expect(() => postgresStore(port, { nearCache: true })).toThrow('can listen');
    expect(() => postgresStore(port, { nearCache: { maxEntry: 1 } as never })).toThrow(
      "'maxEntry'",
    );
  });

  it('forgets everything when the server is killed, and fills again when it is back', async () => {
    const table = nextTable();
    const near = openNear(table);
    await near.migrate();
    const { sid } = await insert(near);
    await fill(near, sid);
    await server.kill('SIGKILL');
    await forgotten(near, sid);
    await server.restart();
    await until(() => near.load(sid).then(Boolean, () => false), { what: 'the server' });
    await fill(near, sid);
  });
});

describe('behind PgBouncer in transaction mode', { timeout: 120_000 }, () => {
  let bouncer: PgbouncerServer;
  beforeAll(async () => {
    bouncer = await startPgbouncer(server.port);
  }, 120_000);
  afterAll(() => bouncer?.stop());

  it('a near cache refuses itself with the reason, and sessions are read', async () => {
    const table = nextTable();
    await postgresStore(pool, { table, nearCache: true }).migrate();
    const logger = createMemoryLogger();
    const near = openNear(table, { url: bouncer.url, prepare: false, logger });
    const { sid } = await insert(near);
    const warnings = () => logger.lines.filter(({ level }) => level === 'warn');
    await until(() => warnings().length > 0, { what: 'the warning', timeoutMs: 30_000 });
    expect(JSON.stringify(warnings())).toContain('pooler in transaction mode');
    expect(await near.load(sid)).toMatchObject({ record: { sid } });
    expect(near.getCached?.(sid)).toBeUndefined();
    expect(warnings()).toHaveLength(1);
  });

  it('a near cache works if it listens on the direct address', async () => {
    const table = nextTable();
    const near = openNear(table, {
      url: bouncer.url,
      prepare: false,
      nearCache: { listenOn: pool },
    });
    await postgresStore(pool, { table, nearCache: true }).migrate();
    const { sid } = await insert(near);
    await fill(near, sid);
    await postgresStore(pool, { table }).remove(sid, createWrite(Date.now()));
    await forgotten(near, sid);
  });

  it('an engine signs in, verifies and revokes with unnamed statements', async () => {
    const table = nextTable();
    const store = openNear(table, { url: bouncer.url, prepare: false, nearCache: false });
    await store.migrate();
    const sessions = createSessions({ store, logger: silentLogger });
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    expect(await sessions.revoke(session.sid)).toBe(true);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: false });
  });
});
