// What a verification and a guarded route cost, in slices that take turns within this process, and without sockets: the
// ratios of neighbouring slices hold on a busy machine, too.
import { hash } from 'node:crypto';
import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { createGroup } from '../groups.mjs';
import { SLICED_ROUTES } from '../http/sliced-routes.mjs';
import { pair } from '../pair.mjs';
import { recordsOf } from '../peers/ours.mjs';
import { openIoredis } from '../provision.mjs';
import { sampleSession, subjectNamed } from '../sample.mjs';

export const SHA = 'one SHA-256 of the token';
const HGET = 'bare HGET';
export const IDLE = 'idle hook';
export const NEAR = 'ours, near cache';

export async function measureSlices({ openServer, settings, frameworks, onRound }) {
  const { url } = await openServer();
  const { spread, sliceRounds: rounds, sliceMs: milliseconds } = settings;
  const clients = await Promise.all([0, 1, 2].map(() => openIoredis(url)));
  const engines = {
    plain: createSessions({ store: redisStore(clients[0], { keyPrefix: 'sliced:' }) }),
    near: createSessions({
      store: redisStore(clients[1], { keyPrefix: 'sliced:', nearCache: true }),
    }),
    memory: createSessions(),
  };
  const groups = [];
  const measure = async (id, title, contenders, { base, concurrency, by, note }) => {
    onRound(title, groups.length + 1, 4 + frameworks.length);
    const seen = await pair(contenders, { base, rounds, milliseconds, concurrency, by });
    const notes = note === undefined ? [] : [note(seen)];
    groups.push(
      createGroup({
        id,
        title,
        unit: by === 'cpu' ? 'µs of CPU' : 'µs',
        seen,
        baseline: base,
        notes,
      }),
    );
  };
  try {
    const [stored, local] = [[], []];
    for (let n = 0; n < spread * 4; n += 1) {
      const sample = sampleSession(subjectNamed('sliced', n));
      stored.push(await engines.plain.create(sample));
      local.push(await engines.memory.create(sample));
      await expectSession(engines.near, stored[n].accessToken);
    }
    const of = (list) => (n) => list[n % list.length];
    const [storedAt, localAt] = [of(stored), of(local)];
    const sha = (n) => hash('sha256', storedAt(n).accessToken, 'base64url');
    await measure(
      'slices-local',
      'Verify without a round trip',
      {
        [SHA]: sha,
        'ours, memory': (n) => engines.memory.verify(localAt(n).accessToken),
        [NEAR]: (n) => engines.near.verify(storedAt(n).accessToken),
      },
      { base: SHA, by: 'cpu' },
    );
    const recordAt = of(recordsOf('sliced:', stored));
    for (const concurrency of [1, 8, 64]) {
      await measure(
        `slices-redis-${concurrency}`,
        `Verify from Redis, ${concurrency} at a time`,
        {
          [HGET]: (n) => clients[2].hget(recordAt(n).key, recordAt(n).field),
          ours: (n) => engines.plain.verify(storedAt(n).accessToken),
        },
        { base: HGET, concurrency },
      );
    }
    for (const framework of frameworks) {
      const routes = SLICED_ROUTES[framework](engines.near);
      const tokenAt = (n) => storedAt(n).accessToken;
      await expectGuarded(routes.guarded, tokenAt(0));
      await measure(
        `slices-guarded-${framework}`,
        `A guarded route on ${framework}, without sockets`,
        {
          [IDLE]: (n) => routes.idle(tokenAt(n)),
          [NEAR]: (n) => routes.guarded(tokenAt(n)),
          [SHA]: sha,
        },
        { base: IDLE, by: 'cpu', note: inHashes },
      );
    }
  } finally {
    for (const engine of Object.values(engines)) await engine.close();
    for (const client of clients) client.disconnect();
  }
  return groups;
}

function inHashes(seen) {
  const idle = seen.get(IDLE);
  const beyond = (seen.get(NEAR).ratio - 1) * idle.median;
  return `Beyond the idle hook: ${beyond.toFixed(2)} µs, ${(beyond / seen.get(SHA).median).toFixed(1)} hashes.`;
}

async function expectSession(engine, token) {
  if (!(await engine.verify(token)).ok) throw new Error('A session of the bench was refused.');
}

async function expectGuarded(route, token) {
  const [good, bad] = [await route(token), await route('none')];
  if (good !== 200 || bad !== 401)
    throw new Error(`The guarded route must return 200 and 401, not ${good} and ${bad}.`);
}
