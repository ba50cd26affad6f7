import { createHash } from 'node:crypto';
import type { SessionStore } from '@sess/core/store';
import { redisStore } from '@sess/redis';
import type { Redis } from 'ioredis';

export interface Move {
  readonly redis: Redis;
  /** Of the store on Redis; its default is `sess:`. */
  readonly keyPrefix: string;
  readonly to: SessionStore;
}

/** No session is refused because of the number of its user's sessions. */
const LIMIT = { max: 1_000_000, onLimit: 'reject' } as const;

/**
 * Copies sessions and guests from Redis, and returns how many. May run again until an application uses the new store.
 *
 * @throws {Error} if the new store refuses one, as when its clock is behind that of Redis
 */
export async function moveStore({ redis, keyPrefix, to }: Move): Promise<number> {
  const from = redisStore(redis, { keyPrefix });
  let count = 0;
  for (const tag of await findTags(redis, keyPrefix)) {
    const { records } = await from.list(tag); // oldest first
    for (const record of records) {
      const { now } = await to.load(record.sid);
      const { status } = await to.insert(record, LIMIT, {
        operation: nameOf(record.sid),
        notAfter: now + to.timeout,
      });
      if (status !== 'inserted')
        throw new Error(`The session ${record.sid} was refused: ${status}`);
      count += 1;
    }
  }
  return count;
}

/** There is one key for each subject: the prefix, and the 16 characters with which its sids begin. */
async function findTags(redis: Redis, keyPrefix: string): Promise<ReadonlySet<string>> {
  const tags = new Set<string>();
  for await (const keys of redis.scanStream({ match: `${keyPrefix}*`, count: 1_000 })) {
    for (const key of keys as readonly string[]) {
      const tag = key.slice(keyPrefix.length);
      if (/^[\w-]{16}$/.test(tag)) tags.add(tag);
    }
  }
  return tags;
}

/** The name of a write is the same at a repetition. */
function nameOf(sid: string): string {
  return createHash('sha256').update(sid).digest('base64url').slice(0, 16);
}
