import { isIoredis, type RedisClient } from './redis-port.js';

interface FailFast {
  readonly maxRetriesPerRequest: 0;
  readonly enableOfflineQueue: false;
  readonly commandTimeout: number;
  readonly connectTimeout: number;
  readonly socketTimeout: number;
  readonly reconnectOnError: (error: Error) => 2 | false;
}

interface FailFastCluster {
  readonly enableOfflineQueue: false;
  readonly retryDelayOnFailover: 0;
  readonly scaleReads: 'master';
  readonly slotsRefreshInterval: number;
  readonly redisOptions: FailFast & { readonly lazyConnect: false };
}

/**
 * Options that make an ioredis or iovalkey client fail fast: `new Redis(url, failFast)`, and
 * `new Cluster(nodes, failFastCluster)`. Without them a command waits for a dead server for over a minute, and one
 * whose answer was lost is sent again.
 */
export const failFast: FailFast = {
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  commandTimeout: 1_000,
  connectTimeout: 1_000,
  /** A connection on which nothing comes back for so long is dead, though nobody said so; TCP would take 15 minutes. */
  socketTimeout: 2_000,
  /** 2: reconnect, and send the command again; it was refused by a replica that had been the master. */
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
};

/** The same for a Cluster. */
export const failFastCluster: FailFastCluster = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  scaleReads: 'master',
  // A process that asks nothing would not hear of a failover, and could not say its revocations again.
  slotsRefreshInterval: 5_000,
  // Nodes are connected when they are found, not at the first command for them, which would fail.
  redisOptions: { ...failFast, lazyConnect: false },
};

type Settings = Readonly<Record<string, unknown>>;

interface Risk {
  readonly isPresent: (settings: Settings) => boolean;
  readonly text: string;
}

const IOREDIS: readonly Risk[] = [
  {
    isPresent: ({ maxRetriesPerRequest }) => maxRetriesPerRequest !== 0,
    text: 'maxRetriesPerRequest is not 0: a command whose answer was lost is sent again, and waits for a dead server',
  },
  {
    isPresent: ({ enableOfflineQueue }) => enableOfflineQueue !== false,
    text: 'enableOfflineQueue is not false: while the server is away commands wait instead of failing',
  },
  {
    isPresent: ({ autoResendUnfulfilledCommands }) => autoResendUnfulfilledCommands === false,
    text: 'autoResendUnfulfilledCommands is false: a command whose connection breaks may wait for ever',
  },
];

const IOREDIS_CLUSTER: readonly Risk[] = [
  {
    isPresent: ({ retryDelayOnFailover }) => retryDelayOnFailover !== 0,
    text: 'retryDelayOnFailover is not 0: a command whose answer was lost is sent again',
  },
  {
    isPresent: ({ scaleReads }) => scaleReads !== undefined && scaleReads !== 'master',
    text: "scaleReads is not 'master': a replica may still know a session that was revoked",
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

/** What in a client's settings may make a request hang, or a command be sent twice; each with its cure. */
export function describeRisks(client: RedisClient): readonly string[] {
  const settings = ('options' in client ? client.options : undefined) as Settings | undefined;
  if (settings === undefined) return [];
  const isCluster = 'isCluster' in client && client.isCluster === true;
  const known = isIoredis(client) ? (isCluster ? IOREDIS_CLUSTER : IOREDIS) : NODE_REDIS;
  const cure = isIoredis(client)
    ? `Give the client the options of ${isCluster ? 'failFastCluster' : 'failFast'} from @sess/redis.`
    : 'Give the client disableOfflineQueue: true.';
  return known
    .filter((risk) => risk.isPresent(settings))
    .map((risk) => `redis client: ${risk.text}. ${cure}`);
}
