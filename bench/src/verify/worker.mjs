// A process for one contender, so that the compiler does not optimise for another one; started by `process.mjs`.
import { timed } from '../measure.mjs';
import { openIoredis, openNodeRedis } from '../provision.mjs';
import { CONTENDERS } from './contenders.mjs';

const { name, redisUrl, spread, milliseconds } = JSON.parse(process.argv[2]);

async function answer() {
  const contender = await CONTENDERS[name]({
    ioredis: () => openIoredis(redisUrl),
    nodeRedis: () => openNodeRedis(redisUrl),
    spread,
  });
  // A contender that cannot verify once cannot do it in a round either; and how much is measured in one is found by the first, which
  // must not be the one that fills a cache.
  for (let n = 0; n < 3 * spread; n += 1) await contender.verify(n % spread);
  const tasks = new Map();
  process.on('message', async ({ concurrency }) => {
    if (!tasks.has(concurrency)) {
      const work = (n) => contender.verify(n % spread);
      const how = { concurrency, milliseconds, isAtOnce: contender.isAtOnce };
      tasks.set(concurrency, timed(work, how));
    }
    process.send({ time: await tasks.get(concurrency)() });
  });
}

// The bench has ended.
process.on('disconnect', () => process.exit(0));
try {
  await answer();
  process.send({ isReady: true });
} catch (error) {
  process.send({ failure: error instanceof Error ? error.message : String(error) });
}
