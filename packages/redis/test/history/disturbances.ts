import { type ClusterNode, type RedisCluster, sleep } from '@sess/test-servers';
import type { Prng } from '../../../../test/history/prng.js';

/** The nodes of one shard, at the moment. */
export interface Pair {
  readonly master: ClusterNode;
  readonly replica: ClusterNode;
}

/** One way to disturb a shard; resolves when everything that was done has been undone. */
type Disturb = (cluster: RedisCluster, pair: Pair, prng: Prng) => Promise<void>;

/** The node comes back empty, and as the replica of whoever took over. */
async function killAndRestart(cluster: RedisCluster, master: ClusterNode): Promise<void> {
  try {
    await cluster.failover(master, 'crash');
  } finally {
    await master.server.restart();
  }
}

/** On one machine a replica hardly ever lags; so it is kept from its master for a while. */
async function whileLagging(pair: Pair, prng: Prng, deed: () => Promise<void>): Promise<void> {
  const { master, replica } = pair;
  // The master knows no password, and refuses a replica that gives one.
  await replica.server.command('CONFIG', 'SET', 'masterauth', 'wrong');
  try {
    await master.server.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await sleep(prng.between(300, 900));
    await deed();
  } finally {
    await replica.server.command('CONFIG', 'SET', 'masterauth', '');
  }
}

async function standStill(node: ClusterNode, milliseconds: number): Promise<void> {
  await node.server.pause();
  try {
    await sleep(milliseconds);
  } finally {
    node.server.resume();
  }
}

/** Too short for the others to call the node dead; they need their time-out, and to agree. */
const SHORT = [500, 800] as const;
const LONG = [2_500, 4_000] as const;

/** All of them. Those after which a new master has taken over without asking the old one may lose writes. */
export const DISTURBANCES: Readonly<Record<string, Disturb>> = {
  crash: (cluster, { master }) => killAndRestart(cluster, master),

  'crash behind a lagging replica': (cluster, { master, replica }, prng) =>
    whileLagging({ master, replica }, prng, () => killAndRestart(cluster, master)),

  /** Clients see no fault at all: the old master sends them on. */
  'takeover by a lagging replica': (cluster, { master, replica }, prng) =>
    whileLagging({ master, replica }, prng, async () => {
      await cluster.failover(master, 'takeover');
    }),

  'crash of a replica': async (_, { replica }, prng) => {
    await replica.server.kill();
    await sleep(prng.between(100, 2_000));
    await replica.server.restart();
  },

  'short silence': (_, { master }, prng) => standStill(master, prng.between(...SHORT)),

  /** The master wakes up deposed, and does not know it yet. */
  'long silence': (_, { master }, prng) => standStill(master, prng.between(...LONG)),

  'silence of a replica': (_, { replica }, prng) => standStill(replica, prng.between(500, 4_000)),

  'graceful failover': async (cluster, { master }) => {
    await cluster.failover(master, 'graceful');
  },

  'forced failover': async (cluster, { master }) => {
    await cluster.failover(master, 'force');
  },

  takeover: async (cluster, { master }) => {
    await cluster.failover(master, 'takeover');
  },

  'cut connections': async (_, { master }) => {
    await master.server.command('CLIENT', 'KILL', 'TYPE', 'normal');
  },
};

/** It hands over: whatever it had confirmed is there, and nobody reads from two masters. */
export const GRACEFUL = 'graceful failover';
