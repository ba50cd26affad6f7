// Verification in this process, beside one SHA-256 of a token and a bare HGET of the very record.
import { createHash, hash } from 'node:crypto';
import { createGroup } from '../groups.mjs';
import { inTurns, timed } from '../measure.mjs';
import { gather } from '../peers/left-out.mjs';
import { createOurs, createOursInMemory, createOursNear, recordsOf } from '../peers/ours.mjs';
import { subjectNamed } from '../sample.mjs';

export const SHA = 'one SHA-256 of the token';
export const HGET = 'bare HGET';

export async function measureVerify({ openServer, settings, onRound }) {
  const { ioredis, nodeRedis } = await openServer();
  const ours = createOurs(ioredis);
  const near = createOursNear(ioredis);
  const local = [createOursInMemory(), near];
  const stored = await gather({
    'hand-written': async () =>
      (await import('../peers/hand-written.mjs')).createHandWritten(ioredis),
    'Lucia-style': async () => (await import('../peers/lucia.mjs')).createLucia(ioredis),
    'express-session': async () =>
      (await import('../peers/express-session.mjs')).createExpressSession(nodeRedis),
    '@fastify/session': async () =>
      (await import('../peers/fastify-session.mjs')).createFastifySession(nodeRedis),
    'better-auth': async () => (await import('../peers/better-auth.mjs')).createBetterAuth(ioredis),
    'hono-sessions': async () =>
      (await import('../peers/hono-sessions.mjs')).createHonoSessions(ioredis),
    'Hono without sessions': async () =>
      (await import('../peers/hono-sessions.mjs')).createBareHono(),
  });
  const sealed = await gather({
    'better-auth, cookie cache': async () =>
      (await import('../peers/better-auth.mjs')).createBetterAuth(ioredis, { cookieCache: true }),
    'iron-session': async () => (await import('../peers/iron-session.mjs')).createIronSession(),
  });
  const all = [ours, ...local, ...stored.peers, ...sealed.peers];
  const handles = new Map();
  for (const [n, contender] of all.entries()) {
    onRound(`signing in, ${contender.name}`, n + 1, all.length);
    handles.set(contender, await signInSpread(contender, settings.spread));
  }
  // Peers are asked with the same number of sessions, in the same order.
  const verifying = (contender, concurrency) => {
    const own = handles.get(contender);
    const work = (n) => contender.verify(own[n % own.length]);
    return timed(work, { concurrency, milliseconds: settings.milliseconds });
  };
  const tasksOf = (contenders, concurrency) =>
    Object.fromEntries(contenders.map((one) => [one.name, verifying(one, concurrency)]));

  const groups = [];
  const inMemory = await inTurns(
    { ...hashTasks(handles.get(local[0]), settings), ...tasksOf([...local, ...sealed.peers], 1) },
    { rounds: settings.rounds, onRound: (n, of) => onRound('without a round trip', n, of) },
  );
  groups.push(
    createGroup({
      id: 'verify-local',
      title: 'Verify without a round trip, 1 at a time',
      unit: 'µs',
      seen: inMemory,
      baseline: SHA,
      notes: [
        'What is awaited costs a promise or more, which the hash by itself does not. iron-session and the cookie cache of better-auth cannot revoke.',
        ...sealed.leftOut,
      ],
    }),
  );
  for (const concurrency of [1, 64]) {
    const contenders = [ours, near, ...stored.peers];
    const seen = await inTurns(
      {
        ...hgetTasks({ ioredis, nodeRedis }, recordsOf('ours:', handles.get(ours)), {
          concurrency,
          ...settings,
        }),
        ...tasksOf(contenders, concurrency),
      },
      {
        rounds: settings.rounds,
        onRound: (n, of) => onRound(`from Redis, ${concurrency} at a time`, n, of),
      },
    );
    groups.push(
      createGroup({
        id: `verify-redis-${concurrency}`,
        title: `Verify from Redis, ${concurrency} at a time`,
        unit: 'µs',
        seen,
        baseline: HGET,
        notes: [
          'express-session is its middleware from request to ended answer, with its store: a read and a touch. @fastify/session reads and writes back, its default. connect-redis is on node-redis, all else on ioredis.',
          ...stored.leftOut,
        ],
      }),
    );
  }
  for (const { close } of all) await close();
  return groups;
}

async function signInSpread(contender, spread) {
  const own = [];
  for (let n = 0; n < spread; n += 1) own.push(await contender.signIn(subjectNamed('verify', n)));
  return own;
}

function hashTasks(issued, { milliseconds }) {
  const secrets = issued.map(({ accessToken }) => accessToken.slice(37));
  // Node 20 before 20.12 has no one-shot hash.
  const digest =
    typeof hash === 'function'
      ? (text) => hash('sha256', text, 'base64url')
      : (text) => createHash('sha256').update(text).digest('base64url');
  const work = (n) => digest(secrets[n % secrets.length]);
  return { [SHA]: timed(work, { isAtOnce: true, milliseconds }) };
}

function hgetTasks({ ioredis, nodeRedis }, records, { concurrency, milliseconds }) {
  const record = (n) => records[n % records.length];
  const bare = (n) => ioredis.hget(record(n).key, record(n).field);
  const other = (n) => nodeRedis.hGet(record(n).key, record(n).field);
  return {
    [HGET]: timed(bare, { concurrency, milliseconds }),
    'bare HGET, node-redis': timed(other, { concurrency, milliseconds }),
  };
}
