// Ends all sessions of one subject, for several numbers of sessions.
import { createGroup } from '../groups.mjs';
import { summary, timePerOp } from '../measure.mjs';
import { createConnectRedis } from '../peers/connect-redis.mjs';
import { createHandWritten } from '../peers/hand-written.mjs';
import { createOurs, createOursInMemory } from '../peers/ours.mjs';

const GET = 'bare GET';
/** Ours is over in a moment, so the largest is done more often than by the others. */
const LEAST_OF_OURS = 3;

export async function measureRevokeAll({ openServer, settings, onRound }) {
  const { ioredis, nodeRedis } = await openServer();
  const contenders = [
    createOurs(ioredis),
    createOursInMemory(),
    createHandWritten(ioredis),
    createConnectRedis(nodeRedis),
  ];
  const groups = [];
  for (const [size, times] of settings.revokeAll) {
    const taken = new Map([[GET, []], ...contenders.map(({ name }) => [name, []])]);
    for (let turn = 0; turn < Math.max(times, LEAST_OF_OURS); turn += 1) {
      for (const contender of contenders) {
        if (turn >= times && !contender.name.startsWith('ours')) continue;
        onRound(`${size} sessions, ${contender.name}`, turn + 1, times);
        await ioredis.flushall();
        const subject = `everywhere-${size}-${turn}`;
        await timePerOp(() => contender.signIn(subject), { count: size, concurrency: 64 });
        taken.get(GET).push(await timeOf(() => ioredis.get('absent')));
        taken.get(contender.name).push(await timeOf(() => contender.revokeAll(subject)));
      }
    }
    groups.push(
      createGroup({
        id: `revoke-all-${size}`,
        title: `Revoke all of ${size.toLocaleString('en')} sessions`,
        unit: 'µs',
        seen: new Map([...taken].map(([name, times]) => [name, summary(times)])),
        baseline: GET,
        notes: [
          'connect-redis has no index: it reads every session there is, which here are those of one subject only.',
        ],
      }),
    );
  }
  for (const { close } of contenders) await close();
  return groups;
}

async function timeOf(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) * 1000;
}
