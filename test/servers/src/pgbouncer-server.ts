import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabaseProcess } from './database-process.js';
import { findUnpacked } from './debian-packages.js';
import { freePort } from './ports.js';
import { startReaper } from './reaper.js';

const CACHE = fileURLToPath(new URL('../../../.cache/servers/pgbouncer', import.meta.url));
const PROGRAM = 'usr/sbin/pgbouncer';
/** The account `nobody` of Debian: PgBouncer refuses to run as root. */
const NOBODY = 65_534;

/** A pooler in front of a PostgreSQL server. */
export interface PgbouncerServer {
  readonly port: number;
  /** For the user `postgres`, without a password. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts PgBouncer in transaction mode and resolves when it accepts connections. It ends with the calling process.
 *
 * @param target port of the server on 127.0.0.1
 * @throws {Error} if the package cannot be had, or it does not come up
 */
export async function startPgbouncer(target: number): Promise<PgbouncerServer> {
  const root = await findUnpacked('pgbouncer', { cache: CACHE, program: PROGRAM });
  const directory = await mkdtemp(join(tmpdir(), 'pgbouncer-server-'));
  const reaper = startReaper(directory);
  const port = await freePort();
  const [users, config] = [join(directory, 'users.txt'), join(directory, 'pgbouncer.ini')];
  await writeFile(users, '"postgres" ""\n');
  await writeFile(
    config,
    `[databases]
* = host=127.0.0.1 port=${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = 5
ignore_startup_parameters = extra_float_digits
`,
  );
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (identity.uid !== undefined) {
    for (const path of [directory, users, config]) await chown(path, NOBODY, NOBODY);
  }
  const server = createDatabaseProcess({
    program: join(root, PROGRAM),
    args: ['-q', config],
    env: { ...process.env, LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu') },
    identity,
    reaper,
    isReady: () => accepts(port),
  });
  await server.launch();
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.kill('SIGKILL');
      reaper.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
