// Puts one example under load, from its start to its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { REVOCATION_TTL_MS } from '@sess/core/store';
import { startExample } from './example.mjs';
import { openRedis } from './redis.mjs';
import { createStarvationWatch } from './starvation.mjs';
import { startTraffic } from './traffic.mjs';

/** Seconds. Short, so that thousands of sessions and tokens expire. */
const LIVES = { access: 4, idle: 10, absolute: 20, grace: 10 };
/** Milliseconds that a store or a denylist may keep a key after its content has expired. */
const KEPT = 125_000;
const SAMPLE = 500;

/** Actions without which a run is not valid. */
const EXPECTED = ['login', 'me', 'refresh', 'logout', 'logout-others', 'delete', 'reauth', 'patch'];

export async function loadExample({ name, binary, seconds, seed, tokens, isDrained, onProgress }) {
  const redis = await openRedis(binary);
  let example;
  try {
    example = await startExample(name, {
      REDIS_URL: redis.url,
      ACCESS_TOKENS: tokens,
      JWT_SECRET: 'no secret at all, and long enough',
      ACCESS_TTL: `${LIVES.access}s`,
      IDLE_TTL: `${LIVES.idle}s`,
      ABSOLUTE_TTL: `${LIVES.absolute}s`,
      GRACE: `${LIVES.grace}s`,
    });
    const first = await redis.readMemory();
    const traffic = startTraffic({
      base: example.base,
      seed,
      lives: { absolute: LIVES.absolute * 1_000 },
    });
    const starvation = createStarvationWatch([example.pid, redis.pid, process.pid]);
    const memory = [];
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1_000;
    while (elapsed() < seconds && !traffic.hasFailed()) {
      await sleep(SAMPLE);
      starvation.look();
      memory.push({ at: elapsed(), value: example.readMemory() });
      onProgress({ name, seconds: elapsed(), count: traffic.count(), memory: memory.at(-1).value });
    }
    const { honest, hostile } = await traffic.stop();
    starvation.look();
    const took = elapsed();
    const most = await redis.readMemory();
    // The mark of a revoke-all stays longest: a sign-in that was proven before it is refused by it.
    const longestAllowed = Math.max(LIVES.idle * 1_000 + KEPT, REVOCATION_TTL_MS);
    const longestLife = await redis.longestLife();
    if (isDrained) onProgress({ name, waiting: longestLife / 1_000 });
    const keysLeft = isDrained ? await redis.drain(longestAllowed) : 0;
    const last = await redis.readMemory();
    const ending = await example.stop();
    const clientsLeft = await redis.countClients();
    const seen = Object.keys(honest.statuses);
    return {
      name,
      tokens,
      seconds: took,
      honest,
      hostile,
      memory,
      starved: starvation.moments,
      redis: { first, most, last, isDrained, keysLeft, longestLife, longestAllowed, clientsLeft },
      ending,
      complaints: example.complaints(),
      unseen: EXPECTED.filter((action) => !seen.some((one) => one.startsWith(`${action} `))),
    };
  } finally {
    if (example !== undefined) await example.stop();
    await redis.stop();
  }
}
