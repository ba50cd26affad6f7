import { memoryStore } from '@sess/core';
import { memoryDenylist } from '@sess/jwt';
import { failFast, failFastCluster, redisDenylist, redisStore } from '@sess/redis';
import { Cluster, Redis } from 'ioredis';
import { openDatabase } from './database.js';
import type { OpenStore } from './open-store.js';
import { type ExampleSettings, SettingsError } from './settings.js';

/**
 * The memory store, a database where DATABASE_URL is set, or Redis where REDIS_URL is set; several URLs with commas between them are nodes of a
 * Cluster. A server that is away does not stop the start: requests get a 503 until it is there.
 *
 * @throws SettingsError
 */
export async function openStore({ redisUrl, databaseUrl }: ExampleSettings): Promise<OpenStore> {
  if (databaseUrl !== undefined) return openDatabase(databaseUrl);
  if (redisUrl === undefined) {
    return { store: memoryStore(), denylist: memoryDenylist(), close: async () => {} };
  }
  const urls = redisUrl.split(',').map((url) => url.trim());
  for (const url of urls) assertRedisUrl(url);
  const client =
    urls.length > 1 ? new Cluster(urls, failFastCluster) : new Redis(redisUrl, failFast);
  const stopReporting = reportChanges(client);
  return {
    store: redisStore(client),
    denylist: redisDenylist(client),
    async close() {
      stopReporting();
      client.disconnect();
    },
  };
}

/** The message does not contain the URL, which may contain a password. */
function assertRedisUrl(url: string): void {
  if (/^rediss?:\/\/./.test(url) && URL.canParse(url)) return;
  throw new SettingsError(
    'REDIS_URL: this is no address of a Redis server. Write for instance redis://localhost:6379.',
  );
}

/** Logs one line when the server becomes unreachable, and one when it is back. */
function reportChanges(client: Redis | Cluster): () => void {
  let isAway = false;
  let isSilent = false;
  const tell = (nowAway: boolean, line: string): void => {
    if (isAway !== nowAway && !isSilent) console.error(line);
    isAway = nowAway;
  };
  client.on('error', ({ message }: Error) =>
    tell(true, `redis: not to be reached (${message}); trying on`),
  );
  client.on('close', () => tell(true, 'redis: the connection is lost; trying on'));
  client.on('ready', () => tell(false, 'redis: back'));
  return () => {
    isSilent = true;
  };
}
