import { failFast, failFastCluster, type RedisClient } from '@sess/redis';
import {
  type RedisServer,
  type ServerBinary,
  sleep,
  startRedisCluster,
  startRedisServer,
  startTcpProxy,
} from '@sess/test-servers';
import { Cluster, Redis } from 'ioredis';

/** What some work has cost. */
export interface Cost {
  /** Commands that the servers executed. */
  readonly commands: number;
  /** Microseconds that they spent on them. */
  readonly usec: number;
  /** What went through the socket, where one can be watched: a single server. */
  readonly socket: { readonly requests: number; readonly roundTrips: number } | undefined;
}

/** Servers whose commands are counted. */
export interface CountedServers {
  readonly client: RedisClient;
  /** A further client, as of another process, and what goes through its own socket. */
  connect(): Promise<{ readonly client: RedisClient; requests(): number; delay(ms: number): void }>;
  /**
   * Does the work, waits until nothing is left of it in the background, and returns what it took.
   *
   * @param least Commands to wait for, at most ten seconds: on a busy machine, work in the background is slow.
   */
  costOf(work: () => Promise<unknown>, least?: number): Promise<Cost>;
  close(): Promise<void>;
}

/** Longer than anything in the background takes. */
const QUIET_MS = 40;

/** Commands of clients' and nodes' housekeeping, and of this count itself. */
const HOUSEKEEPING =
  /^(?:info|config|cluster|client|ping|hello|auth|command|select|readonly|replconf|psync|s?subscribe|publish)\b/;

/** What our scripts call, and what replicas are sent of it. */
const INSIDE =
  /^(?:h(?:del|exists|get|getall|len|scan|set)|pexpireat|pttl|time|unlink|del|multi|exec)$/;

/** One server, each client through a proxy of its own that counts what it sees. */
export async function openCountedServer(binary: ServerBinary): Promise<CountedServers> {
  const server = await startRedisServer({ binary });
  const closers: (() => unknown)[] = [];
  const open = async () => {
    const proxy = await startTcpProxy({ target: server });
    const client = await whenReady(new Redis(proxy.url, failFast));
    closers.unshift(() => client.disconnect(), proxy.close);
    return { client, proxy };
  };
  const { client, proxy } = await open();
  return {
    client,
    async connect() {
      const other = await open();
      other.proxy.resetCounters();
      return {
        client: other.client,
        requests: () => other.proxy.counters().requests,
        delay: (ms) => other.proxy.delay(ms),
      };
    },
    async costOf(work, least = 0) {
      await server.command('CONFIG', 'RESETSTAT');
      proxy.resetCounters();
      await work();
      await comeToRest([server], least);
      const { requests, roundTrips } = proxy.counters();
      return { ...(await executedBy([server])), socket: { requests, roundTrips } };
    },
    async close() {
      for (const close of closers) await close();
      await server.stop();
    },
  };
}

/** Three masters and three replicas; what they executed is the sum of what each says of itself. */
export async function openCountedCluster(binary: ServerBinary): Promise<CountedServers> {
  const cluster = await startRedisCluster({ binary });
  const servers = cluster.nodes.map(({ server }) => server);
  const nodes = cluster.endpoints.map(({ host, port }) => ({ host, port }));
  const client = await whenReady(new Cluster(nodes, failFastCluster));
  return {
    client,
    connect: async () => {
      throw new Error('sockets of a Cluster are not watched');
    },
    async costOf(work, least = 0) {
      await Promise.all(servers.map((server) => server.command('CONFIG', 'RESETSTAT')));
      await work();
      await comeToRest(servers, least);
      return { ...(await executedBy(servers)), socket: undefined };
    },
    async close() {
      client.disconnect();
      await cluster.stop();
    },
  };
}

/** Waits for commands of the background, and then for a moment in which none is sent. */
async function comeToRest(servers: readonly RedisServer[], least: number): Promise<void> {
  const end = Date.now() + 10_000;
  do await sleep(QUIET_MS);
  while ((await executedBy(servers)).commands < least && Date.now() < end);
}

/** Of scripts the call counts; what a script calls, or a replica repeats, is no command of the client. */
async function executedBy(servers: readonly RedisServer[]): Promise<Omit<Cost, 'socket'>> {
  const texts = await Promise.all(servers.map((server) => server.command('INFO', 'commandstats')));
  const rows = texts
    .flatMap((text) => [...String(text).matchAll(/cmdstat_([^:]+):calls=(\d+),usec=(\d+)/g)])
    .filter(([, name = '']) => !INSIDE.test(name) && !HOUSEKEEPING.test(name));
  const sum = (place: 2 | 3): number => rows.reduce((total, row) => total + Number(row[place]), 0);
  return { commands: sum(2), usec: sum(3) };
}

async function whenReady<Client extends Redis | Cluster>(client: Client): Promise<Client> {
  // Without a listener each failed attempt would be printed.
  client.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    client.once('ready', () => resolve());
    client.once('end', () => reject(new Error('the client ended before it was ready')));
  });
  return client;
}
