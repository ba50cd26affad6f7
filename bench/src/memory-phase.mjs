// Memory in the server, as it counts itself, over sessions of many subjects.
import { signInMany } from './change-phase.mjs';
import { sampleBytes, subjectNamed } from './sample.mjs';

const SESSIONS = 9_000;

/** @returns name → { perSession, data }: bytes; `data` is what the caller gave, as JSON */
export async function measureMemory({ contenders, redis, flush, onRound }) {
  const results = new Map();
  for (const [n, contender] of contenders.entries()) {
    onRound(`memory, ${contender.name}`, n + 1, contenders.length);
    await flush();
    const before = await usedMemory(redis);
    await signInMany(contender, 'memory', SESSIONS);
    const perSession = ((await usedMemory(redis)) - before) / SESSIONS;
    results.set(contender.name, { perSession, data: sampleBytes(subjectNamed('memory', 0)) });
  }
  return results;
}

async function usedMemory(redis) {
  // A rehash under way holds two tables; reading a little gives it the time to end.
  for (let n = 0; n < 200; n += 1) await redis.randomkey();
  const info = await redis.info('memory');
  return Number(/used_memory_dataset:(\d+)/.exec(info)[1]) + overheadOf(info);
}

/** Main dictionary and expiry, which used_memory_dataset leaves out, but not clients' buffers. */
function overheadOf(info) {
  const field = (name) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? 0);
  return (
    field('used_memory_overhead') -
    field('mem_clients_normal') -
    field('mem_aof_buffer') -
    field('used_memory_scripts') // Cached scripts are shared by all sessions.
  );
}
