// Verification, each contender in a separate process, beside one SHA-256 of a token and a bare HGET of the same record.
import { createGroup } from '../groups.mjs';
import { inTurns } from '../measure.mjs';
import { CONTENDERS, HGET, HGET_NODE_REDIS, SHA } from '../verify/contenders.mjs';
import { startContender } from '../verify/process.mjs';

const LOCAL = [
  SHA,
  'ours, memory',
  'ours, near cache',
  'better-auth, cookie cache',
  'iron-session, unseal',
];
const STORED = [
  HGET,
  HGET_NODE_REDIS,
  'ours',
  'ours, near cache',
  'hand-written',
  'Lucia-style, session and user',
  'express-session + connect-redis',
  '@fastify/session',
  'better-auth',
  'hono-sessions, whole fetch',
  'Hono without sessions, whole fetch',
];

const LOCAL_NOTE =
  'What is awaited costs a promise or more, which the hash by itself does not. iron-session and the cookie cache of better-auth cannot revoke.';
const STORED_NOTE =
  'express-session is its middleware from the request to the end of the response, with its store: a read and a touch. @fastify/session reads and writes back, its default. connect-redis is on node-redis, all else on ioredis.';

export async function measureVerify({ openServer, settings, onRound }) {
  const { url } = await openServer();
  const { spread, milliseconds, rounds } = settings;
  const names = Object.keys(CONTENDERS);
  const started = new Map();
  const leftOut = new Map();
  try {
    for (const [n, name] of names.entries()) {
      onRound(`signing in, ${name}`, n + 1, names.length);
      const one = await startContender(name, { redisUrl: url, spread, milliseconds });
      if (one.failure === undefined) started.set(name, one);
      else {
        leftOut.set(name, `${name} is left out: ${one.failure}`);
        await one.close();
      }
    }
    const measure = async ({ id, title, chosen, baseline, concurrency, note }) => {
      const present = chosen.filter((name) => started.has(name));
      const tasks = present.map((name) => [name, started.get(name).measure(concurrency)]);
      const seen = await inTurns(Object.fromEntries(tasks), {
        rounds,
        onRound: (n, of) => onRound(title, n, of),
      });
      const notes = [note, ...chosen.flatMap((name) => leftOut.get(name) ?? [])];
      return createGroup({ id, title, unit: 'µs', seen, baseline, notes });
    };
    const groups = [
      await measure({
        id: 'verify-local',
        title: 'Verify without a round trip, 1 at a time',
        chosen: LOCAL,
        baseline: SHA,
        concurrency: 1,
        note: LOCAL_NOTE,
      }),
    ];
    for (const concurrency of [1, 64]) {
      groups.push(
        await measure({
          id: `verify-redis-${concurrency}`,
          title: `Verify from Redis, ${concurrency} at a time`,
          chosen: STORED,
          baseline: HGET,
          concurrency,
          note: STORED_NOTE,
        }),
      );
    }
    return groups;
  } finally {
    for (const one of started.values()) await one.close();
  }
}
