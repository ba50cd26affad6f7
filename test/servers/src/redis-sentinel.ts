import type { RedisConfig } from './redis-config.js';
import { type RedisServer, startRedisServer, stopServers } from './redis-server.js';
import type { RespTarget } from './resp.js';
import { fieldsOf, isReady, linked, roleOf } from './sentinel-health.js';
import type { ServerBinary } from './server-binary.js';
import { until } from './wait.js';

/** What {@link startSentinelGroup} is told. */
export interface SentinelGroupOptions {
  readonly binary: ServerBinary;
  /** Default 1. */
  readonly replicas?: number | undefined;
  /** Default 3. */
  readonly sentinels?: number | undefined;
  /** Sentinels that have to agree that the master is down. Default 2. */
  readonly quorum?: number | undefined;
  /** The name that clients ask the sentinels for. Default `mymaster`. */
  readonly name?: string | undefined;
  /**
   * Milliseconds without an answer after which a sentinel calls a server down. Default 1,000; with
   * less, a busy machine sees failures that are none.
   */
  readonly downAfterMs?: number | undefined;
  /** For the master and the replicas. */
  readonly config?: RedisConfig | undefined;
}

/**
 * A running group. Servers change roles; whoever wants to know asks {@link
 * SentinelGroup.currentMaster}.
 */
export interface SentinelGroup {
  readonly name: string;
  /** The master and the replicas as they were at the start. */
  readonly master: RedisServer;
  readonly replicas: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** Where clients ask for the master. */
  readonly endpoints: readonly RespTarget[];
  /** The master by the word of the first running sentinel. @throws Error when none answers. */
  currentMaster(): Promise<RedisServer>;
  /**
   * Has a replica take the place of the master and resolves with it once all running sentinels name
   * it: `asked` on request, `crash` by killing the master. A killed server stays down until
   * `restart()`. Default `asked`. @throws Error after 30 seconds.
   */
  failover(kind?: 'asked' | 'crash'): Promise<RedisServer>;
  /**
   * Resolves once all running sentinels know each other, name the same master and have a quorum,
   * and the running replicas are linked to it. @throws Error after 30 seconds.
   */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/**
 * What Redis 7 and Valkey let a sentinel do sooner; how it detects failures and elects stays as it
 * is. Sentinels greet each other every 2 seconds and look at replicas every 10, so that a server
 * that comes back would take them 11 seconds. One that was held up for 2 seconds, as on a busy
 * machine, mistrusts its clock and fails over nothing for 30 seconds (TILT).
 */
const HURRY: readonly (readonly [setting: string, ms: number])[] = [
  ['INFO-PERIOD', 200],
  ['PUBLISH-PERIOD', 200],
  ['TILT-PERIOD', 1_000],
];

/**
 * Starts a master with replicas, then sentinels that watch them; resolves when the group is
 * settled.
 *
 * @throws Error when a server does not start or the group does not settle in 30 seconds; nothing is
 *   left running then.
 */
export async function startSentinelGroup(options: SentinelGroupOptions): Promise<SentinelGroup> {
  const {
    binary,
    config,
    replicas = 1,
    sentinels = 3,
    quorum = 2,
    name = 'mymaster',
    downAfterMs = 1_000,
  } = options;
  const servers: RedisServer[] = [];
  const start = async (more: RedisConfig, sentinel: boolean): Promise<RedisServer> => {
    const server = await startRedisServer({
      binary,
      sentinel,
      config: { ...(sentinel ? {} : config), ...more },
    });
    servers.push(server);
    return server;
  };
  try {
    const master = await start({}, false);
    const address = `${master.host} ${master.port}`;
    const followers = await startAll(replicas, () => start({ replicaof: address }, false));
    // A sentinel that asks the master too early learns of no replica and asks again only after 10
    // seconds.
    await until(() => linked(followers), {
      what: 'the replicas to be linked',
      timeoutMs: PATIENCE_MS,
    });
    const watch: RedisConfig = {
      sentinel: [
        `monitor ${name} ${address} ${quorum}`,
        `down-after-milliseconds ${name} ${downAfterMs}`,
        // A failed attempt is repeated after twice this.
        `failover-timeout ${name} ${Math.max(2_000, 4 * downAfterMs)}`,
        `parallel-syncs ${name} ${replicas}`,
      ],
    };
    const watchers = await startAll(sentinels, () => start(watch, true));
    for (const watcher of watchers) await hurry(watcher);
    const group = groupOf(name, master, followers, watchers);
    await group.settled();
    return group;
  } catch (error) {
    await stopServers(servers);
    throw error;
  }
}

function groupOf(
  name: string,
  master: RedisServer,
  replicas: readonly RedisServer[],
  sentinels: readonly RedisServer[],
): SentinelGroup {
  const data = [master, ...replicas];
  const watching = (): readonly RedisServer[] => sentinels.filter(({ running }) => running);
  const masterBy = async (sentinel: RedisServer | undefined): Promise<RedisServer> => {
    const reply = await sentinel?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
    const found = data.find(({ port }) => Array.isArray(reply) && reply[1] === String(port));
    if (found === undefined) throw new Error(`no sentinel names a master for ${name}`);
    return found;
  };
  const agreed = async (): Promise<RedisServer | undefined> => {
    const named = await Promise.all(watching().map(masterBy));
    return named.every((one) => one === named[0]) ? named[0] : undefined;
  };
  const isIdle = async (sentinel: RedisServer, master: RedisServer): Promise<boolean> => {
    const seen = fieldsOf(await sentinel.command('SENTINEL', 'MASTER', name));
    return seen.get('flags') === 'master' && seen.get('port') === String(master.port);
  };
  const isSettled = async (): Promise<boolean> => {
    const current = await agreed();
    if (current === undefined || !current.running) return false;
    const followers = data.filter((server) => server.running && server !== current);
    for (const sentinel of watching())
      if (!(await isReady(sentinel, name, watching().length - 1, followers))) return false;
    return (await roleOf(current)) === 'master' && linked(followers, current.port);
  };
  const settled = async (): Promise<void> => {
    await until(isSettled, {
      what: `the sentinels of ${name} to settle`,
      timeoutMs: PATIENCE_MS,
      everyMs: 20,
    });
  };
  return {
    name,
    master,
    replicas,
    sentinels,
    endpoints: sentinels.map(({ host, port }) => ({ host, port })),
    currentMaster: () => masterBy(watching()[0]),
    failover: async (kind = 'asked') => {
      const [sentinel] = watching();
      const old = await masterBy(sentinel);
      if (kind === 'crash') await old.kill();
      const changed = async (): Promise<RedisServer | undefined> => {
        // Asked again when nothing came of it: a sentinel that finds no replica fit just drops the
        // matter.
        if (kind === 'asked' && sentinel !== undefined && (await isIdle(sentinel, old)))
          await sentinel.command('SENTINEL', 'FAILOVER', name);
        const current = await agreed();
        return current !== undefined && current !== old && (await roleOf(current)) === 'master'
          ? current
          : undefined;
      };
      return until(changed, { what: `another master of ${name}`, timeoutMs: PATIENCE_MS });
    },
    settled,
    stop: () => stopServers([...sentinels, ...data]),
  };
}

async function hurry({ command }: RedisServer): Promise<void> {
  // Older servers refuse these, and take their time.
  for (const setting of HURRY) await command('SENTINEL', 'DEBUG', ...setting).catch(() => {});
}

function startAll(count: number, start: () => Promise<RedisServer>): Promise<RedisServer[]> {
  return Promise.all(Array.from({ length: count }, start));
}
