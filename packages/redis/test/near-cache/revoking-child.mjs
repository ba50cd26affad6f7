// Revokes the sessions that its parent names, and says when it had the answer.
import { failFast, redisStore } from '@sess/redis';
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2], failFast);
redis.on('error', () => {});
const store = redisStore(redis);
await store.ready();
let operation = 0;

process.on('message', async ({ sid }) => {
  operation += 1;
  await store.remove(sid, { notAfter: Date.now() + 5_000, operation: `revoke-${operation}` });
  process.send({ sid, at: String(process.hrtime.bigint()) });
});
process.on('disconnect', () => process.exit());
