import {
  type PostgresServer,
  sleep,
  startPostgres,
  startTcpForwarder,
  type TcpForwarder,
  until,
} from '@sess/test-servers';
import pg from 'pg';
import { readClock } from '../../../../test/history/history.js';

/** A primary and its streaming replica, behind one address that leads to the primary. */
export interface PostgresPair {
  readonly url: string;
  primary(): PostgresServer;
  /** Resets every connection of a client. */
  cut(): void;
  /** The replica has all writes when the primary ends. */
  handOver(): Promise<void>;
  /** The replica misses the writes of `milliseconds`. Returns the moment before which none is lost. */
  loseWrites(milliseconds: number): Promise<{ readonly since: number }>;
  stop(): Promise<void>;
}

/** Starts both. Replication is asynchronous, as PostgreSQL has it unless it is asked for more. */
export async function startPostgresPair(): Promise<PostgresPair> {
  let primary = await startPostgres();
  /** A new one is started in the background, and needed only at the next failover. */
  let replica = primary.startReplica();
  await replica;
  const forwarder: TcpForwarder = await startTcpForwarder(primary.port);

  /** Resolves when the replica has all that was written before this moment, which it returns. */
  async function catchUp(): Promise<number> {
    const follower = await replica;
    const since = readClock();
    const position = await ask(primary, 'SELECT pg_current_wal_lsn() AS value');
    const isReached = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS value';
    await until(async () => (await ask(follower, isReached, [position])) === true, {
      what: 'the replica to catch up',
      timeoutMs: 30_000,
    });
    return since;
  }

  /** The replica becomes the primary, and gets a new replica in the place of the old primary. */
  async function promote(): Promise<void> {
    const [old, promoted] = [primary, await replica];
    await ask(promoted, 'SELECT pg_promote() AS value');
    forwarder.redirect(promoted.port);
    forwarder.cut();
    primary = promoted;
    await old.stop();
    replica = startReplica(primary);
    // A failure is reported where it is awaited.
    replica.catch(() => undefined);
  }

  return {
    url: primary.url.replace(`:${primary.port}`, `:${forwarder.port}`),
    primary: () => primary,
    cut: forwarder.cut,
    async handOver() {
      await catchUp();
      // A fast shutdown ends when the replica has received everything.
      await primary.kill('SIGINT');
      await promote();
    },
    async loseWrites(milliseconds) {
      const since = await catchUp();
      const follower = await replica;
      await ask(follower, `ALTER SYSTEM SET primary_conninfo = ''`);
      await ask(follower, 'SELECT pg_reload_conf() AS value');
      await sleep(milliseconds);
      await primary.kill('SIGKILL');
      await promote();
      return { since };
    },
    async stop() {
      await forwarder.close();
      await Promise.all([
        primary.stop(),
        replica.then(
          (server) => server.stop(),
          () => undefined,
        ),
      ]);
    },
  };
}

/** Copies a server that may be killed, or stand still, in the meantime. */
async function startReplica(primary: PostgresServer): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await primary.startReplica();
    } catch (error) {
      if (attempt === 10) throw error;
      await sleep(200);
    }
  }
}

/** Sends one statement over a connection of its own, past the forwarder. */
async function ask(
  server: PostgresServer,
  text: string,
  values: readonly unknown[] = [],
): Promise<unknown> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(text, [...values])).rows[0]?.value;
  } finally {
    await client.end();
  }
}
