// Opens the stores of a tree with its own drivers, and copies what is in them.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Returns a module of the tree, from the build of its package. */
export function importFrom(tree, name, entry) {
  return import(pathToFileURL(join(tree, 'packages', name, 'dist', entry)).href);
}

function requireFrom(tree, name) {
  return createRequire(join(tree, 'packages', name, 'package.json'));
}

/** Each opens a store at an address. `dump` returns what it holds as JSON, `load` writes that into an empty one. */
export const openers = {
  async redis(tree, url, { nearCache = false } = {}) {
    const { failFast, redisDenylist, redisStore } = await importFrom(tree, 'redis', 'index.js');
    const { Redis } = requireFrom(tree, 'redis')('ioredis');
    const redis = new Redis(url, failFast);
    redis.on('error', () => {});
    await new Promise((resolve) => redis.once('ready', resolve));
    return {
      store: redisStore(redis, { nearCache }),
      denylist: redisDenylist(redis),
      close: () => redis.disconnect(),
      dump: () => dumpRedis(redis),
      load: (keys) => loadRedis(redis, keys),
    };
  },
  async sqlite(tree, file) {
    const sql = await importFrom(tree, 'sql', 'sqlite/index.js');
    const Database = requireFrom(tree, 'sql')('libsql');
    const database = new Database(file);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA busy_timeout = 5000');
    const store = sql.sqliteStore(database);
    const denylist = sql.sqliteDenylist(database);
    const all = (text) => database.prepare(text).all();
    const insert = (table, row) => {
      const names = Object.keys(row);
      const text = `INSERT OR REPLACE INTO ${table} (${names}) VALUES (${names.map(() => '?')})`;
      database.prepare(text).run(...Object.values(row));
    };
    return {
      store,
      denylist,
      migrate: () => migrateAll(store, denylist),
      close: () => database.close(),
      dump: async () => ({ schema: sql.sqliteSchema(), rows: await dumpTables(all) }),
      async load({ schema, rows }) {
        for (const text of schema) database.exec(text);
        for (const [table, row] of rows) insert(table, row);
      },
    };
  },
  async postgres(tree, url) {
    const sql = await importFrom(tree, 'sql', 'postgres/index.js');
    const pg = requireFrom(tree, 'sql')('pg');
    const pool = new pg.Pool({ connectionString: url, max: 4 });
    pool.on('error', () => {});
    const store = sql.postgresStore(pool);
    const denylist = sql.postgresDenylist(pool);
    const all = async (text) => (await pool.query(text)).rows;
    return {
      store,
      denylist,
      migrate: () => migrateAll(store, denylist),
      close: () => pool.end(),
      dump: async () => ({ schema: sql.postgresSchema(), rows: await dumpTables(all) }),
      async load({ schema, rows }) {
        for (const text of schema) await pool.query(text);
        for (const [table, row] of rows) {
          const names = Object.keys(row);
          const places = names.map((_, at) => `$${at + 1}`);
          const text = `INSERT INTO ${table} (${names}) VALUES (${places})`;
          await pool.query(text, Object.values(row));
        }
      },
    };
  },
};

async function migrateAll(...all) {
  for (const one of all) await one.migrate();
}

async function dumpTables(all) {
  const tables = ['sess_session', 'sess_subject', 'sess_mark'];
  const found = await Promise.all(
    tables.map(async (table) => [table, await all(`SELECT * FROM ${table}`)]),
  );
  return found.flatMap(([table, rows]) => rows.map((row) => [table, { ...row }]));
}

async function dumpRedis(redis) {
  const keys = (await redis.keys('*')).sort();
  return Promise.all(
    keys.map(async (key) => {
      const type = await redis.type(key);
      if (type !== 'hash') throw new Error(`expected hashes only, got the ${type} ${key}`);
      const fields = Object.entries(await redis.hgetallBuffer(key)).sort();
      return {
        key,
        expiresAt: await redis.pexpiretime(key),
        fields: fields.map(([field, value]) => [field, value.toString('base64')]),
      };
    }),
  );
}

async function loadRedis(redis, keys) {
  for (const { key, expiresAt, fields } of keys) {
    await redis.hset(
      key,
      ...fields.flatMap(([field, value]) => [field, Buffer.from(value, 'base64')]),
    );
    if (expiresAt > 0) await redis.pexpireat(key, expiresAt);
  }
}
