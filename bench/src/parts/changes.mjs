// Sign-in, refresh and revoke: what writes.
import { createGroup } from '../groups.mjs';
import { inTurns, timed, timePerOp } from '../measure.mjs';
import { createConnectRedis } from '../peers/connect-redis.mjs';
import { createHandWritten } from '../peers/hand-written.mjs';
import { createOurs, createOursInMemory } from '../peers/ours.mjs';
import { subjectNamed } from '../sample.mjs';
import { signInMany } from '../sign-in.mjs';

const GET = 'bare GET';

export async function measureChanges({ openServer, settings, onRound }) {
  const { ioredis, nodeRedis } = await openServer();
  const contenders = [
    createOurs(ioredis),
    createOursInMemory(),
    createHandWritten(ioredis),
    createConnectRedis(nodeRedis),
  ];
  const groups = [];
  for (const operation of ['sign in', 'refresh', 'revoke']) {
    for (const concurrency of [1, 64]) {
      const count = Math.max(concurrency, Math.round(settings.changes * (concurrency > 1 ? 4 : 1)));
      const { milliseconds } = settings;
      const tasks = {
        [GET]: timed((n) => ioredis.get(`absent-${n % 256}`), { concurrency, milliseconds }),
      };
      for (const contender of contenders) {
        tasks[contender.name] = (round) =>
          timeChange(contender, operation, { round, count, concurrency });
      }
      const title = `${operation}, ${concurrency} at a time`;
      const seen = await inTurns(tasks, {
        rounds: settings.rounds,
        onRound: (n, of) => onRound(title, n, of),
      });
      groups.push(
        createGroup({
          id: `${operation.replace(' ', '-')}-${concurrency}`,
          title: title[0].toUpperCase() + title.slice(1),
          unit: 'µs',
          seen,
          baseline: GET,
          notes: [
            'connect-redis has no rotation: its refresh is a new id for the same data. Only ours refuses what comes twice, late, or after a revocation.',
          ],
        }),
      );
    }
  }
  for (const { close } of contenders) await close();
  return groups;
}

async function timeChange(contender, operation, { round, count, concurrency }) {
  const run = `${operation}${concurrency}.${round}`;
  if (operation === 'sign in') {
    const work = (n) => contender.signIn(subjectNamed(run, Math.floor(n / 3)));
    return timePerOp(work, { count, concurrency });
  }
  const handles = await signInMany(contender, run, count);
  return timePerOp((n) => contender[operation](handles[n]), { count, concurrency });
}
