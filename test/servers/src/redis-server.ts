import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { startReaper } from './reaper.js';
import { configText, HOST, type RedisConfig } from './redis-config.js';
import { ask, askFields, type RespReply } from './resp.js';
import type { ServerBinary } from './server-binary.js';
import { type ServerProcess, startProcess } from './server-process.js';
import { sleep, until } from './wait.js';

/** What {@link startRedisServer} is told. */
export interface RedisServerOptions {
  readonly binary: ServerBinary;
  /** Default: a free one. A given port that stays in use for a second is an error. */
  readonly port?: number | undefined;
  /**
   * Takes the place of the defaults `save ""`, `appendonly no` and `repl-diskless-sync-delay 0`,
   * adds to them; `port`, `bind` (127.0.0.1 only) and `dir` stay as they are. A password belongs
   * into CONFIG SET after the start: {@link RedisServer.command} knows none.
   */
  readonly config?: RedisConfig | undefined;
  /** Start as a sentinel. Default false. */
  readonly sentinel?: boolean | undefined;
}

/** One server: a port and a data folder, and the process that serves them. */
export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly url: string;
  /** Of the process that runs now or ran last. */
  readonly pid: number;
  readonly running: boolean;
  /**
   * One command on a connection of its own. @throws RespError when the server answers with an
   * error.
   */
  command(...args: readonly (string | number)[]): Promise<RespReply>;
  /** Ends the process with SIGKILL, paused or not, and removes its data. May be called again. */
  stop(): Promise<void>;
  /**
   * Sends a signal that ends the process, and waits for that; the data folder stays. Default
   * SIGKILL.
   * @throws Error when it still runs after 10 seconds, as a paused one does after anything but
   *   SIGKILL.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /**
   * SIGSTOP: connections stay open and are accepted, nothing is answered. Resolves when the process
   * stands still.
   */
  pause(): Promise<void>;
  /** SIGCONT: what was sent meanwhile is carried out now. */
  resume(): void;
  /**
   * Starts it again with the same port and data folder. One that still runs is ended with SIGTERM
   * first, which lets it write what its config has it keep. @throws as {@link startRedisServer}
   * does.
   */
  restart(): Promise<void>;
  /**
   * What the process that runs now or ran last has written; empty after {@link RedisServer.stop}.
   */
  log(): string;
}

const ATTEMPTS = 10;

/**
 * Starts a server in a temporary folder of its own and resolves when this very process answers
 * PING. It is killed and its folder removed when the calling process ends, however that happens.
 *
 * @throws Error with the end of the server's log when it does not come up within 10 seconds;
 *   TypeError for a line break in a directive.
 */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-server-'));
  const reaper = startReaper(directory);
  const withBus = options.config?.['cluster-enabled'] === 'yes';
  try {
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await freePort(withBus));
      const file = join(directory, 'redis.conf');
      await writeFile(file, configText(options.config ?? {}, directory, port));
      const args = options.sentinel === true ? [file, '--sentinel'] : [file];
      const launch = (): Promise<ServerProcess> =>
        launchServer(options.binary, args, directory, port, reaper.watch);
      try {
        return serverOf(await launch(), launch, directory, port, reaper.release);
      } catch (error) {
        // Somebody took the port between the look and the start.
        if (attempt === ATTEMPTS || !/address already in use/i.test(String(error))) throw error;
        if (options.port !== undefined) await sleep(100);
      }
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    reaper.release();
    throw error;
  }
}

/** Stops them all at once. */
export async function stopServers(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

async function launchServer(
  binary: ServerBinary,
  args: readonly string[],
  directory: string,
  port: number,
  watch: (pid: number | undefined) => void,
): Promise<ServerProcess> {
  const logFile = join(directory, 'server.log');
  const { path, env } = binary;
  const server = startProcess({
    path,
    args,
    env,
    cwd: directory,
    logFile,
    onExit: () => watch(undefined),
  });
  if (server.pid !== 0) watch(server.pid);
  const answers = async (): Promise<boolean> => {
    if (!server.running) return true;
    // Another server may have won the port: only the answer of the one started here counts.
    const info = await askFields({ host: HOST, port }, 'INFO', 'server');
    return (
      info.get('process_id') === String(server.pid) &&
      (await ask({ host: HOST, port }, 'PING')) === 'PONG'
    );
  };
  const late = await until(answers, { what: `port ${port}`, everyMs: 5 }).catch(
    (error: unknown) => error,
  );
  if (late === true && server.running) return server;
  await server.end('SIGKILL');
  const log = readLog(directory).split('\n').slice(-15).join('\n');
  const cause = server.failure ?? late;
  const why = server.failure === undefined ? '' : `: ${server.failure.message}`;
  throw new Error(`the server on port ${port} did not start${why}\n${log}`, { cause });
}

function serverOf(
  first: ServerProcess,
  launch: () => Promise<ServerProcess>,
  directory: string,
  port: number,
  release: () => void,
): RedisServer {
  let current = first;
  return {
    host: HOST,
    port,
    url: `redis://${HOST}:${port}`,
    get pid() {
      return current.pid;
    },
    get running() {
      return current.running;
    },
    command: (...args) => ask({ host: HOST, port }, ...args),
    kill: (signal = 'SIGKILL') => current.end(signal),
    stop: async () => {
      await current.end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
      release();
    },
    pause: () => current.pause(),
    resume: () => current.signal('SIGCONT'),
    restart: async () => {
      current.signal('SIGCONT');
      await current.end('SIGTERM');
      current = await launch();
    },
    log: () => readLog(directory),
  };
}

function readLog(directory: string): string {
  try {
    return readFileSync(join(directory, 'server.log'), 'utf8');
  } catch {
    return '';
  }
}
