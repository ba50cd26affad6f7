// The store of pages in a process of their own.
import { failFast, redisStore } from '@sess/redis';
import { Redis } from 'ioredis';

export function openStore(url) {
  // Patient, because a browser keeps the machine busy.
  const client = new Redis(url, { ...failFast, enableOfflineQueue: true, commandTimeout: 20_000 });
  return redisStore(client, { timeout: '20s' });
}
