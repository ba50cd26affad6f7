import { spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillCacheFolder } from './cache-folder.js';
import { createDatabaseProcess } from './database-process.js';
import { unpackPackage } from './debian-packages.js';
import { freePort } from './ports.js';
import { startReaper } from './reaper.js';
import { onPath, run } from './run.js';

const CACHE = fileURLToPath(new URL('../../../.cache/servers/postgres', import.meta.url));
const DEBIAN_FOLDER = '/usr/lib/postgresql';
/** The account `nobody` of Debian: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** One PostgreSQL server on 127.0.0.1 with a data folder of its own. */
export interface PostgresServer {
  readonly port: number;
  /** For the user `postgres`, without a password. */
  readonly url: string;
  readonly directory: string;
  /** Ends the process with a signal and waits until it is gone. Default SIGQUIT: no clean shutdown. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** SIGSTOP to all of its processes: connections stay open, and nothing is done. */
  pause(): void;
  resume(): void;
  /** Starts a second server that follows this one by asynchronous streaming replication. */
  startReplica(): Promise<PostgresServer>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/**
 * Returns the folder of the server's programs: one on PATH, Debian's own, or one unpacked into `.cache` without
 * changing the machine.
 * @throws {Error} naming what was tried
 */
export async function findPostgres(): Promise<string> {
  for (const parent of [DEBIAN_FOLDER, join(CACHE, DEBIAN_FOLDER)]) {
    const found = await programsIn(parent);
    if (found !== undefined) return found;
  }
  const program = await onPath('initdb');
  if (program !== undefined) return join(program, '..');
  return fillCacheFolder({
    folder: CACHE,
    fill: (draft) => unpackPackage('postgresql', draft, () => undefined),
    async find(folder) {
      const unpacked = await programsIn(join(folder, DEBIAN_FOLDER));
      if (unpacked !== undefined) return unpacked;
      throw new Error(`no PostgreSQL on PATH, in ${DEBIAN_FOLDER} or unpacked`);
    },
  });
}

async function programsIn(parent: string): Promise<string | undefined> {
  const versions = await readdir(parent).catch(() => [] as string[]);
  const newest = versions.sort((left, right) => Number(right) - Number(left))[0];
  return newest === undefined ? undefined : join(parent, newest, 'bin');
}

/**
 * Starts a server with `fsync` off and resolves when it accepts connections. It ends with the calling process.
 * @param settings configuration parameters by name
 * @throws {Error} if it does not come up within 20 seconds
 */
export function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  return startOn(settings, async (runProgram, data) => {
    const encoding = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8'];
    await runProgram('initdb', ['-D', data, ...encoding, '--no-sync', '--no-instructions']);
  });
}

type RunProgram = (program: string, args: readonly string[]) => Promise<void>;

/** Starts a server on a folder that `fill` makes. */
async function startOn(
  settings: Readonly<Record<string, string>>,
  fill: (runProgram: RunProgram, data: string) => Promise<void>,
): Promise<PostgresServer> {
  const programs = await findPostgres();
  const directory = await mkdtemp(join(tmpdir(), 'postgres-server-'));
  const reaper = startReaper(directory);
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (identity.uid !== undefined) await chown(directory, NOBODY, NOBODY);
  const data = join(directory, 'data');
  const env = { ...process.env, LC_ALL: 'C', LD_LIBRARY_PATH: libraryPath() };
  try {
    await fill((program, args) => runAs(identity, env, join(programs, program), args), data);
  } catch (error) {
    reaper.release();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = createDatabaseProcess({
    program: join(programs, 'postgres'),
    args: ['-D', data, '-p', String(port), ...flags],
    env,
    identity,
    reaper,
    isReady: () =>
      run(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).then(
        () => true,
        () => false,
      ),
  });
  const kill = (signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> => server.kill(signal);

  await server.launch();
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    directory,
    kill,
    pause: server.pause,
    resume: server.resume,
    restart: async () => {
      await kill();
      await server.launch();
    },
    async stop() {
      server.resume();
      await kill();
      reaper.release();
      await rm(directory, { recursive: true, force: true });
    },
    startReplica: () =>
      startOn(settings, (runProgram, copy) => {
        const from = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
        const how = ['--write-recovery-conf', '--checkpoint=fast', '--no-sync'];
        return runProgram('pg_basebackup', [...from, '-D', copy, ...how]);
      }),
  };
}

/** Unpacked packages bring their own libraries. */
function libraryPath(): string {
  return [join(CACHE, 'usr/lib/x86_64-linux-gnu'), process.env['LD_LIBRARY_PATH'] ?? '']
    .filter(Boolean)
    .join(':');
}

function runAs(
  identity: { readonly uid?: number; readonly gid?: number },
  env: NodeJS.ProcessEnv,
  program: string,
  args: readonly string[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...identity, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program}: ${text.slice(-500)}`)),
    );
  });
}
