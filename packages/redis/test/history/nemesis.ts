import { type RedisCluster, type RedisServer, until } from '@sess/test-servers';
import { type Disturbance, readClock } from '../../../../test/history/history.js';
import { type Nemesis, repeatDisturbances } from '../../../../test/history/nemesis.js';
import type { Prng } from '../../../../test/history/prng.js';
import { DISTURBANCES, GRACEFUL, type Pair } from './disturbances.js';
import type { Promotion, Shards } from './shards.js';

type Deed = Omit<Disturbance, 'mayLose'>;

export function startNemesis(cluster: RedisCluster, shards: Shards, prng: Prng): Nemesis {
  const deeds: Deed[] = [];
  const troubles: string[] = [];

  async function disturb(kind: string): Promise<void> {
    const shard = prng.below(shards.count);
    const pair = await findPair(cluster, shards, shard);
    const from = await readSafeMoment(pair);
    try {
      await DISTURBANCES[kind]?.(cluster, pair, prng);
    } catch (error) {
      troubles.push(`${kind}: ${String(error)}`);
    }
    await cluster.settled();
    await shards.look();
    deeds.push({ kind, shard, from, to: readClock() });
  }

  return repeatDisturbances({
    prng,
    kinds: Object.keys(DISTURBANCES),
    disturb,
    async report() {
      await cluster.settled();
      await shards.look();
      return { disturbances: judge(deeds, shards.promotions()), troubles };
    },
  });
}

async function findPair(cluster: RedisCluster, shards: Shards, shard: number): Promise<Pair> {
  const masters = await cluster.masters();
  const nodes = shards.nodesOf(shard);
  const master = nodes.find((node) => masters.includes(node));
  const replica = nodes.find((node) => node !== master);
  if (master === undefined || replica === undefined) throw new Error(`shard ${shard} is no pair`);
  return { master, replica };
}

/**
 * A moment of which it is proven that the replica has all that was written before it: what a failover
 * loses is younger, however busy the machine and however far the replica lags.
 */
async function readSafeMoment({ master, replica }: Pair): Promise<number> {
  const moment = readClock();
  const offset = await readOffset(master.server);
  await until(async () => (await readOffset(replica.server)) >= offset, {
    what: 'the replica to catch up',
  });
  return moment;
}

async function readOffset(server: RedisServer): Promise<number> {
  const info = String(await server.command('INFO', 'replication'));
  return Number(/^master_repl_offset:(\d+)/m.exec(info)?.[1]);
}

/** How long before it was seen an unasked promotion may have begun: the time-out of the nodes, and an election. */
const ELECTION_MS = 5_000;

/**
 * Says of each deed whether writes may be lost, which goes by the promotions that were seen: a silence is
 * harmless unless the others lost patience. On a machine that is too busy nodes are replaced for no deed at all.
 */
export function judge(
  deeds: readonly Deed[],
  promotions: readonly Promotion[],
): readonly Disturbance[] {
  const isDuring = (deed: Deed, { shard, at }: Promotion): boolean =>
    deed.shard === shard && deed.from <= at && at <= deed.to;
  const judged = deeds.map((deed) => {
    const count = promotions.filter((promotion) => isDuring(deed, promotion)).length;
    // A second promotion during a graceful one is nobody's grace.
    return { ...deed, mayLose: deed.kind === GRACEFUL ? count > 1 : count > 0 };
  });
  const unasked = promotions
    .filter((promotion) => !deeds.some((deed) => isDuring(deed, promotion)))
    .map(({ shard, at }) => ({
      kind: 'unasked failover',
      shard,
      from: at - ELECTION_MS,
      to: at + ELECTION_MS,
      mayLose: true,
    }));
  return [...judged, ...unasked].sort((left, right) => left.from - right.from);
}
