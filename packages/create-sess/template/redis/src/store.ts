import { failFast, redisStore } from '@sess/redis';
import { Redis } from 'ioredis';

/** Opens the store of sessions, in Redis or Valkey. */
export async function openStore() {
  const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379', failFast);
  redis.on('error', (error) => console.error('redis:', error.message));
  return { store: redisStore(redis), close: () => redis.quit() };
}
