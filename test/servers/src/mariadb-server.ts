import { chown, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDatabaseProcess } from './database-process.js';
import { findUnpacked } from './debian-packages.js';
import { freePort } from './ports.js';
import { startReaper } from './reaper.js';
import { run } from './run.js';

const CACHE = fileURLToPath(new URL('../../../.cache/servers/mariadb', import.meta.url));

/** One MariaDB server on 127.0.0.1 with a data folder of its own. */
export interface MariadbServer {
  readonly port: number;
  /** For the user `root` and the database `test`, without a password. */
  readonly url: string;
  /** Ends the process with a signal and waits until it is gone. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, and nothing is done. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * Returns the folder that holds `usr`: `/` if the server is installed, else one that its Debian packages are unpacked
 * into without changing the machine.
 * @throws {Error} if the packages cannot be had
 */
export function findMariadb(): Promise<string> {
  return findUnpacked('mariadb-server', { cache: CACHE, program: 'usr/sbin/mariadbd' });
}

/**
 * Starts a server and resolves when it accepts connections. It ends with the calling process.
 * @throws {Error} if it does not come up within 20 seconds
 */
export async function startMariadb(): Promise<MariadbServer> {
  const root = await findMariadb();
  const directory = await mkdtemp(join(tmpdir(), 'mariadb-server-'));
  const reaper = startReaper(directory);
  const data = join(directory, 'data');
  const env = {
    LD_LIBRARY_PATH: join(root, 'usr/lib/x86_64-linux-gnu'),
    // A server that starts removes the temporary tables that it finds there, and those of others fail.
    TMPDIR: directory,
  };
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? ['--user=root'] : [];
  if (isRoot) await chown(directory, 0, 0);
  const folders = [
    `--basedir=${join(root, 'usr')}`,
    `--datadir=${data}`,
    `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`,
    `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
  ];
  await run(
    join(root, 'usr/bin/mariadb-install-db'),
    [
      '--no-defaults',
      '--auth-root-authentication-method=normal',
      '--skip-name-resolve',
      ...folders,
      ...user,
    ],
    {
      env: {
        ...env,
        PATH: `${join(root, 'usr/sbin')}:${join(root, 'usr/bin')}:${process.env['PATH']}`,
      },
    },
  );
  const port = await freePort();
  const server = createDatabaseProcess({
    program: join(root, 'usr/sbin/mariadbd'),
    args: [
      '--no-defaults',
      ...folders,
      ...user,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(directory, 's')}`,
      '--innodb-flush-log-at-trx-commit=2',
      '--skip-name-resolve',
      '--max-connections=200',
    ],
    env: { ...process.env, ...env },
    reaper,
    isReady: () => accepts(port),
  });
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => server.kill(signal);

  await server.launch();
  return {
    port,
    url: `mysql://root@127.0.0.1:${port}/test`,
    kill,
    pause: server.pause,
    resume: server.resume,
    restart: async () => {
      await kill();
      await server.launch();
    },
    async stop() {
      await kill();
      reaper.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
