// An engine in a separate process, on the build. Its parent sends the calls.
import { createSessions } from '@sess/core';
import { postgresStore } from '@sess/sql/postgres';
import pg from 'pg';

const [url, table, nearCache] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url });
const store = postgresStore(pool, { table, nearCache: nearCache === 'true', timeout: '10s' });
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const sessions = createSessions({ store, logger });
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const calls = {
  async create({ subject }) {
    const { accessToken, session } = await sessions.create({ subject });
    return { accessToken, sid: session.sid };
  },
  async revoke({ sid }) {
    const isRevoked = await sessions.revoke(sid);
    return { isRevoked, at: String(process.hrtime.bigint()) };
  },
  /** Verifies until the session is served as the test wants it. */
  async warm({ accessToken, sid }) {
    let result = await sessions.verify(accessToken);
    while (nearCache === 'true' && store.getCached(sid) === undefined) {
      await nextTurn();
      result = await sessions.verify(accessToken);
    }
    return { ok: result.ok };
  },
  /** Verifies until the token is refused. */
  async watch({ accessToken }) {
    while ((await sessions.verify(accessToken)).ok) await nextTurn();
    return { at: String(process.hrtime.bigint()) };
  },
  async end() {
    await sessions.close();
    await pool.end();
    process.disconnect();
  },
};

process.on('message', async ({ id, call, given }) => {
  const result = await calls[call](given);
  if (process.connected) process.send({ id, result });
});
