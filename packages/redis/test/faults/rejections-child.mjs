// Run by rejections.test.ts in a process of its own. Plain Node, so it gets the packages from dist/.
import { createSessions } from '@sess/core';
import { failFast, redisStore } from '@sess/redis';
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2], failFast);
redis.on('error', () => {});
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const sessions = createSessions({
  store: redisStore(redis, { timeout: 0.2 }),
  logger: silent,
  accessTtl: '1h',
});
// A listener that rejects is nobody's but the engine's to catch.
sessions.on('store-error', async () => {
  throw new Error('the listener failed');
});

/** On a busy machine, the first calls may take longer than the timeout. */
async function untilDone(work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error.code !== 'store_unavailable') throw error;
    }
  }
}
await untilDone(() => sessions.ready());
let { accessToken, refreshToken } = await untilDone(() => sessions.create({ subject: 'ada' }));
const say = (line) => process.stdout.write(`${line}\n`);
const tally = { ok: 0, failed: 0 };

async function round() {
  // A rotated token is settled in the background by the first verification, which nobody awaits.
  const calls = [
    sessions.refresh(refreshToken).then((issued) => {
      if (issued.ok) ({ accessToken, refreshToken } = issued);
    }),
    sessions.verify(accessToken),
    sessions.verify(accessToken),
    sessions.list('ada'),
    sessions.create({ subject: 'bob' }),
    sessions.revokeAll('bob'),
    sessions.update('A'.repeat(32), {}),
    sessions.ready(),
  ];
  for (const { status } of await Promise.allSettled(calls))
    tally[status === 'fulfilled' ? 'ok' : 'failed'] += 1;
}

let isOver = false;
process.on('message', async (message) => {
  if (message === 'end') isOver = true;
});
say('started');
let last = '';
while (!isOver) {
  const before = tally.failed;
  await round();
  // Waits for the next turn, so that timers and sockets have theirs.
  await new Promise((resolve) => setTimeout(resolve, 2));
  const now = tally.failed > before ? 'failing' : 'serving';
  if (now !== last) say(now);
  last = now;
}
await sessions.close();
redis.disconnect();
say(JSON.stringify(tally));
process.disconnect();
