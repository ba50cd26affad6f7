// Memory in the server, as it counts itself, over sessions of many subjects.
import { createGroup } from '../groups.mjs';
import { createConnectRedis } from '../peers/connect-redis.mjs';
import { createHandWritten } from '../peers/hand-written.mjs';
import { createOurs } from '../peers/ours.mjs';
import { sampleBytes, subjectNamed } from '../sample.mjs';
import { signInMany } from '../sign-in.mjs';

const DATA = 'the data by itself, as JSON';

export async function measureMemory({ openServer, settings, onRound }) {
  const { ioredis, nodeRedis } = await openServer();
  const contenders = [
    createOurs(ioredis),
    createHandWritten(ioredis),
    createConnectRedis(nodeRedis),
  ];
  const data = sampleBytes(subjectNamed('memory', 0));
  const seen = new Map([[DATA, exactly(data, 0)]]);
  for (const [n, contender] of contenders.entries()) {
    onRound(contender.name, n + 1, contenders.length);
    await ioredis.flushall();
    const before = await usedMemory(ioredis);
    await signInMany(contender, 'memory', settings.memorySessions);
    const each = ((await usedMemory(ioredis)) - before) / settings.memorySessions;
    seen.set(contender.name, exactly(each, each - data));
    await contender.close();
  }
  return [
    createGroup({
      id: 'memory',
      title: 'Memory in Redis a session, at three sessions a subject',
      unit: 'B',
      seen,
      baseline: DATA,
      notes: [
        `Over ${settings.memorySessions.toLocaleString('en')} sessions. The data is what the caller gave: subject, device, session data.`,
      ],
    }),
  ];
}

function exactly(bytes, beside) {
  return { median: bytes, low: bytes, high: bytes, cells: { 'B beside the data': beside } };
}

async function usedMemory(redis) {
  // A pending rehash holds two tables; some reads give it the time to end.
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
