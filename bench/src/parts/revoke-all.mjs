// Ends all sessions of one subject, for several numbers of sessions.
import { createGroup } from '../groups.mjs';
import { summary, timePerOp } from '../measure.mjs';
import { createConnectRedis } from '../peers/connect-redis.mjs';
import { createHandWritten } from '../peers/hand-written.mjs';
import { createOurs, createOursInMemory } from '../peers/ours.mjs';

const GET = 'bare GET';
export const OF_SERVER = 'µs of the server';
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
    const served = new Map(contenders.map(({ name }) => [name, []]));
    for (let turn = 0; turn < Math.max(times, LEAST_OF_OURS); turn += 1) {
      for (const contender of contenders) {
        if (turn >= times && !contender.name.startsWith('ours')) continue;
        onRound(`${size} sessions, ${contender.name}`, turn + 1, times);
        await ioredis.flushall();
        const subject = `everywhere-${size}-${turn}`;
        await timePerOp(() => contender.signIn(subject), { count: size, concurrency: 64 });
        taken.get(GET).push(await timeOf(() => ioredis.get('absent')));
        const before = await mainThread(ioredis);
        taken.get(contender.name).push(await timeOf(() => contender.revokeAll(subject)));
        served.get(contender.name).push((await mainThread(ioredis)) - before);
      }
    }
    groups.push(
      createGroup({
        id: `revoke-all-${size}`,
        title: `Revoke all of ${size.toLocaleString('en')} sessions`,
        unit: 'µs',
        seen: new Map(
          [...taken].map(([name, times]) => {
            const spent = served.get(name);
            const cells = spent === undefined ? {} : { [OF_SERVER]: summary(spent).median };
            return [name, { ...summary(times), cells }];
          }),
        ),
        baseline: GET,
        notes: [
          'connect-redis has no index: it reads every session there is, which here are those of one subject only.',
          'Redis frees a large key in another thread. With two cores that sometimes takes the place of the main one, which then seems to work for as long: the processor time of the main thread does not show it.',
        ],
      }),
    );
  }
  for (const { close } of contenders) await close();
  return groups;
}

/** Microseconds of processor that the thread which runs commands has used, the question included. */
async function mainThread(ioredis) {
  const info = await ioredis.info('cpu');
  const seconds = ['user', 'sys'].map((kind) =>
    Number(new RegExp(`used_cpu_${kind}_main_thread:([\\d.]+)`).exec(info)?.[1]),
  );
  return (seconds[0] + seconds[1]) * 1e6;
}

async function timeOf(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) * 1000;
}
