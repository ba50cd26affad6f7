// One process of an application, on the built packages: does what its parent asks over the channel.
import { createSessions } from '@sess/core';
import { failFast, redisStore } from '@sess/redis';
import { Redis } from 'ioredis';

const { url, options } = JSON.parse(process.argv[2]);
const redis = new Redis(url, failFast);
redis.on('error', () => {});
const sessions = createSessions({ store: redisStore(redis), ...options });
const events = [];
for (const name of ['reuse', 'revoked'])
  sessions.on(name, (event) => void events.push({ name, ...event }));

const extra = { events: () => events };

process.on('message', async ({ id, method, args }) => {
  try {
    const act = extra[method] ?? sessions[method];
    process.send({ id, value: await act(...args) });
  } catch (error) {
    process.send({ id, failure: { name: error.name, code: error.code, message: error.message } });
  }
});
// Whoever started this is gone.
process.on('disconnect', () => process.exit());

await sessions.ready();
process.send({ isReady: true });
