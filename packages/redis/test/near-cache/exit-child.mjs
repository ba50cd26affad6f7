// Uses a near cache and ends what it was told to end; then there must be nothing that keeps it alive.
import { createSessions } from '@sess/core';
import { failFast, redisStore } from '@sess/redis';
import { Redis } from 'ioredis';

const [url, mode] = process.argv.slice(2);
const redis = new Redis(url, failFast);
redis.on('error', () => {});
await new Promise((resolve) => redis.once('ready', resolve));
const store = redisStore(redis, { nearCache: true });
const sessions = createSessions({ store });
const { session } = await sessions.create({ subject: 'ada' });
while (store.getCached(session.sid) === undefined) await sessions.get(session.sid);
process.stdout.write('cached\n');
if (mode === 'close') await sessions.close();
redis.disconnect();
