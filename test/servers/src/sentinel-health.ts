import type { RedisServer } from './redis-server.js';
import { askFields, type RespReply } from './resp.js';

/**
 * Whether one sentinel could fail over now: nobody is called down, no failover is under way, the
 * replicas are fit for it.
 */
export async function isReady(
  sentinel: RedisServer,
  name: string,
  peers: number,
  followers: readonly RedisServer[],
): Promise<boolean> {
  const master = fieldsOf(await sentinel.command('SENTINEL', 'MASTER', name));
  if (master.get('flags') !== 'master' || Number(master.get('num-other-sentinels')) < peers)
    return false;
  const replies = await sentinel.command('SENTINEL', 'REPLICAS', name);
  const rows = Array.isArray(replies) ? replies.map(fieldsOf) : [];
  const fit = rows.filter(
    (row) => row.get('flags') === 'slave' && row.get('master-link-status') === 'ok',
  );
  const ports = fit.map((row) => row.get('port'));
  if (!followers.every(({ port }) => ports.includes(String(port)))) return false;
  // Answers with an error while there is no quorum.
  await sentinel.command('SENTINEL', 'CKQUORUM', name);
  return true;
}

/** A flat list of names and values, as sentinels answer, by name. */
export function fieldsOf(flat: RespReply): ReadonlyMap<string, string> {
  const words = Array.isArray(flat) ? flat.map(String) : [];
  return new Map(
    words.flatMap((word, index) =>
      index % 2 === 0 ? [[word, words[index + 1] ?? ''] as const] : [],
    ),
  );
}

/**
 * Whether these replicas have caught up with their master, and with the one at `masterPort` if that
 * is given.
 * @throws Error when one does not answer.
 */
export async function linked(
  replicas: readonly RedisServer[],
  masterPort?: number,
): Promise<boolean> {
  for (const replica of replicas) {
    const fields = await askFields(replica, 'INFO', 'replication');
    if (fields.get('master_link_status') !== 'up') return false;
    if (masterPort !== undefined && fields.get('master_port') !== String(masterPort)) return false;
  }
  return true;
}

/** `master`, `slave` or `sentinel`, by its own word. @throws Error when it does not answer. */
export async function roleOf(server: RedisServer): Promise<string | undefined> {
  const reply = await server.command('ROLE');
  return Array.isArray(reply) ? String(reply[0]) : undefined;
}
