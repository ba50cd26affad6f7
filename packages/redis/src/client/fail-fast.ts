import { isIoredis, type RedisClient } from './port.js';

interface FailFast {
  readonly maxRetriesPerRequest: 0;
  readonly enableOfflineQueue: false;
  readonly commandTimeout: number;
  readonly connectTimeout: number;
  readonly socketTimeout: number;
  readonly retryStrategy: (attempt: number) => number;
}

interface FailFastCluster {
  readonly enableOfflineQueue: false;
  readonly retryDelayOnFailover: 0;
  readonly scaleReads: 'master';
  readonly slotsRefreshInterval: number;
  readonly clusterRetryStrategy: (attempt: number) => number;
  readonly redisOptions: Omit<FailFast, 'retryStrategy'> & { readonly lazyConnect: false };
}

interface FailFastNodeRedis {
  readonly disableOfflineQueue: true;
  readonly pingInterval: number;
  readonly socket: {
    readonly connectTimeout: number;
    readonly socketTimeout: number;
    readonly reconnectStrategy: (attempt: number) => number;
  };
}

/** Returns milliseconds until the next attempt: 10 for the first one, then doubled up to 500. */
function reconnectDelay(attempt: number): number {
  return Math.min(10 * 2 ** Math.max(0, attempt - 1), 500);
}

const NODE_OPTIONS = {
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout: 1_000,
  connectTimeout: 1_000,
  // TCP alone would take 15 minutes to notice a connection that was dropped silently.
  socketTimeout: 2_000,
} as const;

/**
 * Options for ioredis and iovalkey: `new Redis(url, failFast)`, also under Sentinel. With them a command fails within
 * a second while the server is away, and no command is sent twice by the client.
 *
 * A connection that closes is opened again after 10 ms; one that is silent for 2 s is closed.
 */
export const failFast: FailFast = { ...NODE_OPTIONS, retryStrategy: reconnectDelay };

/** Options for the Cluster client of ioredis and iovalkey: `new Cluster(nodes, failFastCluster)`. See {@link failFast}. */
export const failFastCluster: FailFastCluster = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  scaleReads: 'master',
  // An idle process would not notice a failover otherwise, and would not replay its revocations.
  slotsRefreshInterval: 5_000,
  clusterRetryStrategy: reconnectDelay,
  // Nodes connect when they are found. With lazyConnect the first command for a node would fail.
  redisOptions: { ...NODE_OPTIONS, lazyConnect: false },
};

/**
 * Options for node-redis: `createClient({ url, ...failFastNodeRedis })`, and as `defaults` of `createCluster()`.
 *
 * node-redis does not notice a connection that is silent while commands are written to it. The store reconnects such a
 * client after its own timeout.
 */
export const failFastNodeRedis: FailFastNodeRedis = {
  disableOfflineQueue: true,
  pingInterval: 1_000,
  socket: {
    connectTimeout: 1_000,
    socketTimeout: 2_000,
    reconnectStrategy: (attempt) => reconnectDelay(attempt + 1),
  },
};

type ClientOptions = Readonly<Record<string, unknown>>;

interface Risk {
  readonly isPresent: (options: ClientOptions) => boolean;
  readonly text: string;
}

const IOREDIS: readonly Risk[] = [
  {
    isPresent: ({ maxRetriesPerRequest }) => maxRetriesPerRequest !== 0,
    text: 'maxRetriesPerRequest is not 0: a command whose reply was lost is sent again, and waits for a dead server',
  },
  {
    isPresent: ({ enableOfflineQueue }) => enableOfflineQueue !== false,
    text: 'enableOfflineQueue is not false: while the server is away commands wait instead of failing',
  },
  {
    isPresent: ({ autoResendUnfulfilledCommands }) => autoResendUnfulfilledCommands === false,
    text: 'autoResendUnfulfilledCommands is false: a command whose connection breaks may wait forever',
  },
  {
    isPresent: ({ reconnectOnError }) => typeof reconnectOnError === 'function',
    text: 'reconnectOnError is set: each refused write closes the connection under all other commands. The store reconnects by itself',
  },
];

const IOREDIS_CLUSTER: readonly Risk[] = [
  {
    isPresent: ({ retryDelayOnFailover }) => retryDelayOnFailover !== 0,
    text: 'retryDelayOnFailover is not 0: a command whose reply was lost is sent again',
  },
  {
    isPresent: ({ scaleReads }) => scaleReads !== undefined && scaleReads !== 'master',
    text: "scaleReads is not 'master': a replica may still have a session that was revoked",
  },
  {
    isPresent: ({ enableOfflineQueue }) => enableOfflineQueue !== false,
    text: 'enableOfflineQueue is not false: while the cluster is away commands wait instead of failing',
  },
];

const NODE_REDIS: readonly Risk[] = [
  {
    isPresent: ({ disableOfflineQueue }) => disableOfflineQueue !== true,
    text: 'disableOfflineQueue is not true: while the server is away commands wait instead of failing',
  },
];

/** Returns one sentence for each client option that may let a request hang or a command be sent twice. */
export function describeRisks(client: RedisClient): readonly string[] {
  const options = ('options' in client ? client.options : undefined) as ClientOptions | undefined;
  if (options === undefined) return [];
  const isCluster = 'isCluster' in client && client.isCluster === true;
  const known = isIoredis(client) ? (isCluster ? IOREDIS_CLUSTER : IOREDIS) : NODE_REDIS;
  const name = isIoredis(client)
    ? isCluster
      ? 'failFastCluster'
      : 'failFast'
    : 'failFastNodeRedis';
  return known
    .filter((risk) => risk.isPresent(options))
    .map(
      (risk) =>
        `redis client: ${risk.text}. Create the client with the options of ${name} from @sess/redis.`,
    );
}
