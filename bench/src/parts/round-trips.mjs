// What each operation sends to the server, counted there: the one figure here that no machine changes.
import { createGroup } from '../groups.mjs';
import { createHandWritten } from '../peers/hand-written.mjs';
import { createOurs } from '../peers/ours.mjs';
import { subjectNamed } from '../sample.mjs';

/** What clients send on their own account. */
const HOUSEKEEPING = new Set(['info', 'hello', 'client', 'ping', 'config']);
/** What scripts call is counted by the server too. */
const SCRIPT = /^(?:eval|evalsha)(?:_ro)?$/;

export const ROUND_TRIPS = { verify: 1, refresh: 2, revoke: 1, 'revoke all': 1 };

export async function measureRoundTrips({ openServer, onRound }) {
  const { ioredis } = await openServer();
  const contenders = [createOurs(ioredis), createHandWritten(ioredis)];
  const groups = [];
  for (const [n, operation] of Object.keys(ROUND_TRIPS).entries()) {
    onRound(operation, n + 1, Object.keys(ROUND_TRIPS).length);
    const seen = new Map();
    for (const contender of contenders) {
      // The first time a server learns a script, and an engine the time.
      await countCommands(ioredis, contender, operation, 'warm-up');
      const count = await countCommands(ioredis, contender, operation, 'counted');
      seen.set(contender.name, { median: count, low: count, high: count });
    }
    groups.push(
      createGroup({
        id: `round-trips-${operation.replace(' ', '-')}`,
        title: `Commands to Redis: ${operation}${operation === 'revoke all' ? ' of 100 sessions' : ''}`,
        unit: 'commands',
        seen,
        baseline: 'ours',
      }),
    );
  }
  for (const { close } of contenders) await close();
  return groups;
}

async function countCommands(redis, contender, operation, run) {
  const subject = subjectNamed(`${operation}-${run}`, 0);
  let handle = await contender.signIn(subject);
  if (operation === 'verify') {
    // Settled, or the first verification after a rotation would be seen to it.
    handle = (await contender.refresh(handle)) ?? handle;
    await contender.verify(handle);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (operation === 'revoke all') for (let n = 1; n < 100; n += 1) await contender.signIn(subject);
  const before = await readCounts(redis);
  if (operation === 'revoke all') await contender.revokeAll(subject);
  else await contender[operation](handle);
  const after = await readCounts(redis);
  const sent = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)]);
  const isScripted = sent.some(([name, count]) => SCRIPT.test(name) && count > 0);
  return sent
    .filter(([name]) => !isScripted || SCRIPT.test(name))
    .reduce((sum, [, count]) => sum + count, 0);
}

async function readCounts(redis) {
  const text = await redis.info('commandstats');
  const counts = [...text.matchAll(/cmdstat_([^:|]+)\S*?:calls=(\d+)/g)].map(([, name, calls]) => [
    name,
    Number(calls),
  ]);
  return new Map(counts.filter(([name]) => !HOUSEKEEPING.has(name)));
}
