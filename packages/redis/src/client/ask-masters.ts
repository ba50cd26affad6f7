import { type IoredisLike, isIoredis, type RedisClient, type RedisPort } from './redis-port.js';

/** The Cluster of ioredis or iovalkey. */
interface IoredisCluster {
  nodes(role: 'master'): readonly IoredisLike[];
}

/** The Cluster of node-redis. */
interface NodeRedisCluster {
  readonly masters: readonly unknown[];
  nodeClient(node: unknown): Promise<{ sendCommand(args: string[]): Promise<unknown> }>;
}

/** What they are asked. */
export interface Question {
  /** Where there is one at hand only, the key whose master that is. */
  readonly key: string;
  readonly args: readonly string[];
  /** Gives up on one that is silent, and not on the others. */
  within(answer: Promise<unknown>): Promise<unknown>;
}

/**
 * Asks every master that the client lets be asked by itself, and else the one at hand. Those that do not answer
 * are left out.
 *
 * @throws what the first of them failed with, if none answers
 */
export async function sendToPrimaries(
  client: RedisClient,
  port: RedisPort,
  { key, args, within }: Question,
): Promise<readonly unknown[]> {
  const [command = '', ...rest] = args;
  let asked: readonly Promise<unknown>[] = [];
  if (port.isCluster && isIoredis(client) && 'nodes' in client) {
    const { nodes } = client as unknown as IoredisCluster;
    asked = nodes.call(client, 'master').map((node) => node.call(command, ...rest));
  } else if (port.isCluster && 'masters' in client && 'nodeClient' in client) {
    const cluster = client as unknown as NodeRedisCluster;
    asked = cluster.masters.map(async (master) =>
      (await cluster.nodeClient(master)).sendCommand([...args]),
    );
  }
  if (asked.length === 0) asked = [port.send(key, false, args)];
  const outcomes = await Promise.allSettled(asked.map(within));
  const answers = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  const [first] = outcomes;
  if (answers.length === 0 && first?.status === 'rejected') throw first.reason;
  return answers;
}
