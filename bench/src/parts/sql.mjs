// Sessions in SQL databases, in process: verification, sign-in, refresh and a guarded page, in paired slices beside stores of
// express-session, and the time that PostgreSQL spends on a request.
import { createSessions } from '@sess/core';
import * as onExpress from '@sess/express';
import * as onFastify from '@sess/fastify';
import { postgresStore } from '@sess/sql/postgres';
import { sqliteStore } from '@sess/sql/sqlite';
import { startPostgres } from '@sess/test-servers';
import createSqliteSessionStore from 'better-sqlite3-session-store';
import createPgSessionStore from 'connect-pg-simple';
import express from 'express';
import session from 'express-session';
import Fastify from 'fastify';
import Database from 'libsql';
import inject from 'light-my-request';
import pg from 'pg';
import { createGroup } from '../groups.mjs';
import { pair } from '../pair.mjs';
import { createConnectRedis } from '../peers/connect-redis.mjs';
import { registerSession } from '../peers/fastify-session.mjs';
import { createSessionStore } from '../peers/session-store.mjs';
import { sampleSession, subjectNamed } from '../sample.mjs';

const PG_SIMPLE = 'connect-pg-simple, get and touch';
const SQLITE_PEER = 'better-sqlite3-session-store, get and touch';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

export async function measureSql({ openServer, settings, onRound }) {
  const groups = [];
  const count = settings.spread * 4;
  const how = { rounds: settings.sqlRounds, milliseconds: settings.sqlMs };
  const measure = async (id, title, contenders, options) => {
    const seen = await pair(contenders, { ...how, ...options });
    const { base, notes } = options;
    groups.push(createGroup({ id, title, unit: 'µs', seen, baseline: base, notes }));
  };

  onRound('PostgreSQL', 1, 2);
  const server = await startPostgres({
    shared_preload_libraries: 'pg_stat_statements',
    shared_buffers: '256MB',
  });
  const { nodeRedis } = await openServer();
  const pools = [0, 1, 2].map(() => new pg.Pool({ connectionString: server.url }));
  try {
    const [pool, peerPool, admin] = pools;
    await admin.query('CREATE EXTENSION pg_stat_statements');
    const store = postgresStore(pool, { timeout: '30s' });
    await store.migrate();
    const sessions = createSessions({ store, logger: silent });
    const PgStore = createPgSessionStore(session);
    const pgStore = new PgStore({
      pool: peerPool,
      createTableIfMissing: true,
      pruneSessionInterval: false,
    });
    const simple = createSessionStore(PG_SIMPLE, pgStore);
    const redis = createConnectRedis(nodeRedis);
    const signIn = (subject) => sessions.create(sampleSession(subject));
    const [ours, theirs, inRedis] = await Promise.all(
      [signIn, simple.signIn, redis.signIn].map((one) => signInAll(one, count)),
    );
    const verify = async ({ accessToken }) => {
      if (!(await sessions.verify(accessToken)).ok) throw new Error('ours: not verified');
    };
    // A token is acknowledged in the background when it is first presented.
    for (const one of ours) await verify(one);
    await admin.query('VACUUM ANALYZE');

    const next = cycle(count);
    const verifying = {
      [PG_SIMPLE]: () => simple.request(theirs[next()]),
      'connect-pg-simple, get alone': () => simple.verify(theirs[next()]),
      'connect-redis, get and touch': () => redis.request(inRedis[next()]),
      ours: () => verify(ours[next()]),
    };
    for (const concurrency of [1, 64]) {
      await measure(
        `sql-verify-${concurrency}`,
        `Verify from PostgreSQL, ${concurrency} at a time`,
        verifying,
        { base: PG_SIMPLE, concurrency },
      );
    }
    groups.push(
      await measureDatabaseTime(admin, {
        [PG_SIMPLE]: verifying[PG_SIMPLE],
        ours: verifying.ours,
        times: count,
      }),
    );
    let signIns = 0;
    const subject = () => {
      signIns += 1;
      return subjectNamed('sql-in', signIns);
    };
    const lanes = { ours: [...ours], theirs: [...theirs] };
    const refreshing = {
      [PG_SIMPLE]: replacing(lanes.theirs, (one) => simple.refresh(one)),
      ours: replacing(lanes.ours, async ({ refreshToken }) => {
        const issued = await sessions.refresh(refreshToken);
        if (!issued.ok) throw new Error('ours: not refreshed');
        return issued;
      }),
    };
    for (const concurrency of [1, 64]) {
      await measure(
        `sql-sign-in-${concurrency}`,
        `Sign in on PostgreSQL, ${concurrency} at a time`,
        { [PG_SIMPLE]: () => simple.signIn(subject()), ours: () => signIn(subject()) },
        {
          base: PG_SIMPLE,
          concurrency,
          notes: [
            'Ours locks the subject, applies a limit and issues two tokens; the other inserts a row.',
          ],
        },
      );
      await measure(
        `sql-refresh-${concurrency}`,
        `Refresh on PostgreSQL, ${concurrency} at a time`,
        refreshing,
        {
          base: PG_SIMPLE,
          concurrency,
          notes: [
            'connect-pg-simple has no rotation: it reads, deletes and inserts, as `regenerate` does.',
          ],
        },
      );
    }
    await measurePages(measure, { sessions, pgStore, ours: lanes.ours, count });
    await sessions.close();
  } finally {
    for (const pool of pools) await pool.end();
    await server.stop();
  }

  onRound('SQLite', 2, 2);
  await measureSqlite(measure, count);
  return groups;
}

/** The time of the statements of a request, as the server counts it. */
async function measureDatabaseTime(admin, { times, ...contenders }) {
  const seen = new Map();
  for (const [name, work] of Object.entries(contenders)) {
    await admin.query('SELECT pg_stat_statements_reset()');
    for (let done = 0; done < times; done += 64) {
      await Promise.all(Array.from({ length: 64 }, work));
    }
    const { rows } = await admin.query(
      `SELECT sum(total_exec_time + total_plan_time)::float8 * 1000 AS us, sum(calls)::float8 AS calls FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'`,
    );
    const requests = Math.ceil(times / 64) * 64;
    const median = rows[0].us / requests;
    const cells = { 'statements a request': Number((rows[0].calls / requests).toFixed(2)) };
    seen.set(name, { median, low: median, high: median, cells });
  }
  return createGroup({
    id: 'sql-database-time',
    title: 'Time of PostgreSQL a request, 64 at a time',
    unit: 'µs',
    seen,
    baseline: PG_SIMPLE,
    notes: [
      'Of pg_stat_statements, planning included: reads of one turn of the event loop are one statement.',
    ],
  });
}

/** The same page behind either, without sockets. */
async function measurePages(measure, { sessions, pgStore, ours, count }) {
  for (const [id, framework, open] of [
    ['sql-page', 'Express', openExpress],
    ['sql-page-fastify', 'Fastify', openFastify],
  ]) {
    const { peer, send, guarded, signIn, name } = await open(sessions, pgStore);
    const cookies = [];
    for (let n = 0; n < count; n += 1) cookies.push(await signIn(n));
    const next = cycle(count);
    const get = async (app, headers) => {
      const { statusCode, payload } = await send(app, { url: '/me', headers });
      if (statusCode !== 200 || !payload.includes('user')) throw new Error(`status ${statusCode}`);
    };
    const base = `${name} + connect-pg-simple`;
    const contenders = {
      [base]: () => get(peer, { cookie: cookies[next()] }),
      ours: () => get(guarded, { authorization: `Bearer ${ours[next()].accessToken}` }),
    };
    for (const concurrency of [1, 64]) {
      await measure(
        `${id}-${concurrency}`,
        `A guarded page of ${framework} on PostgreSQL, ${concurrency} at a time`,
        contenders,
        { base, concurrency },
      );
    }
  }
}

function openExpress(sessions, store) {
  const page = (req, res) => res.json({ user: req.session.subject });
  const guarded = express().use(onExpress.sessionMiddleware(sessions));
  guarded.get('/me', onExpress.requireSession(), page);
  const peer = express()
    .use(
      session({
        store,
        secret: 'a secret of the bench, long enough',
        resave: false,
        saveUninitialized: false,
        cookie: { maxAge: 7 * 86_400_000 },
      }),
    )
    .post('/in', (req, res) => {
      Object.assign(req.session, sampleSession('page'));
      res.json({});
    })
    .get('/me', page);
  const signIn = async () => {
    const { headers } = await inject(peer, { method: 'POST', url: '/in' });
    return [headers['set-cookie']].flat()[0].split(';')[0];
  };
  return { name: 'express-session', guarded, peer, send: inject, signIn };
}

async function openFastify(sessions, store) {
  const guarded = Fastify().register(onFastify.sessionMiddleware(sessions));
  guarded.register((app, _options, done) => {
    app.get(
      '/me',
      onFastify.requireSession(({ session }) => ({ user: session.subject })),
    );
    done();
  });
  const peer = Fastify();
  const registered = await registerSession(peer, undefined, store);
  peer.get('/me', (request) => ({ user: request.session.get('subject') }));
  const signIn = async (n) => (await registered.signIn(subjectNamed('page', n))).cookie;
  const send = (app, request) => app.inject(request);
  return { name: '@fastify/session', guarded, peer, send, signIn };
}

async function measureSqlite(measure, count) {
  const db = new Database(':memory:');
  const peerDb = new Database(':memory:');
  const store = sqliteStore(db);
  await store.migrate();
  const sessions = createSessions({ store, logger: silent });
  // Its option `clear: false` has no effect, and its interval would keep the process alive.
  class SqliteStore extends createSqliteSessionStore(session) {
    startInterval() {}
  }
  const peer = createSessionStore(SQLITE_PEER, new SqliteStore({ client: peerDb }));
  const ours = await signInAll((subject) => sessions.create(sampleSession(subject)), count);
  const theirs = await signInAll(peer.signIn, count);
  const verify = async ({ accessToken }) => {
    if (!(await sessions.verify(accessToken)).ok) throw new Error('ours: not verified');
  };
  for (const one of ours) await verify(one);
  const next = cycle(count);
  await measure(
    'sql-sqlite-verify',
    'Verify from SQLite in memory',
    { [SQLITE_PEER]: () => peer.request(theirs[next()]), ours: () => verify(ours[next()]) },
    {
      base: SQLITE_PEER,
      notes: ['Both through libsql. On a file the touch of the other waits for the disk as well.'],
    },
  );
  await sessions.close();
  db.close();
  peerDb.close();
}

async function signInAll(signIn, count) {
  const handles = [];
  for (let n = 0; n < count; n += 1) handles.push(await signIn(subjectNamed('sql', n)));
  return handles;
}

/** Returns a function that counts up to `count` and begins again: one session in a loop would flatter every cache. */
function cycle(count) {
  let n = 0;
  return () => {
    n = (n + 1) % count;
    return n;
  };
}

/** Each session is used by one call at a time, and the result takes its place. */
function replacing(handles, refresh) {
  const free = handles.map((_, n) => n);
  return async () => {
    const n = free.shift();
    handles[n] = await refresh(handles[n]);
    free.push(n);
  };
}
