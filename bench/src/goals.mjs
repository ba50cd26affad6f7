// Compares a run with the goals for speed and size. A goal whose rows were not measured is left out.

import { EVENT_LOOP, SIGN_OUT } from './live/steps.mjs';
import { FAST_JWT, FIRST, JOSE, REPEATED } from './parts/jwt.mjs';
import { OF_SERVER } from './parts/revoke-all.mjs';
import { ROUND_TRIPS } from './parts/round-trips.mjs';
import { IDLE, NEAR, SHA } from './parts/slices.mjs';

const SESSION = 'express-session + connect-redis';

/** @returns goals with what was reached, as text and as a share of the goal: 1 is the goal, more is better */
export function judgeGoals(find) {
  const goals = [];
  const add = (goal, reached, share) => {
    if (share !== undefined && !Number.isNaN(share)) goals.push({ goal, reached, share });
  };
  const times = (value) => `${value?.toFixed(2)} ×`;
  const least = (goal, value, bound) => add(goal, times(value), value && value / bound);
  const most = (goal, value, bound, show = times) =>
    add(goal, value === undefined ? '' : show(value), value && bound / value);

  // Of paired slices a ratio is that to the base.
  const ratioOf = (id, name = 'ours') => find.rowOf(id, name)?.ratios[0];
  const faster = (id) => 1 / ratioOf(id);

  for (const [name, bound] of [
    ['ours, memory', 1.5],
    [NEAR, 2],
  ])
    most(`verify, ${name}: ${bound} SHA-256 at most`, ratioOf('slices-local', name), bound);
  for (const [concurrency, bound] of [
    [1, 0.9],
    [8, 1],
    [64, 1.5],
  ]) {
    const goal = `verify from Redis, ${concurrency} at a time: ${bound} × a bare HGET’s throughput`;
    least(goal, faster(`slices-redis-${concurrency}`), bound);
  }
  for (const [framework, bound] of [
    ['express', 5],
    ['fastify', 5],
    ['hono', 6],
  ]) {
    const id = `slices-guarded-${framework}`;
    const idle = find.rowOf(id, IDLE)?.median;
    const beyond = ((ratioOf(id, NEAR) - 1) * idle) / find.rowOf(id, SHA)?.median;
    const goal = `${framework}, a guarded route beyond the idle hook: ${bound} hashes at most`;
    most(goal, beyond, bound, (hashes) => hashes?.toFixed(1));
  }
  const peer = (name) => find.ratio('verify-redis-64', name, 'verify-redis-64', NEAR);
  least('verify, near cache: 20 × express-session with connect-redis', peer(SESSION), 20);
  least('verify, near cache: 100 × better-auth’s getSession', peer('better-auth'), 100);
  for (const alg of ['HS256', 'ES256']) {
    const id = `jwt-${alg}`;
    least(
      `JWT at first sight, ${alg}: as fast as fast-jwt`,
      find.ratio(id, FAST_JWT, id, FIRST),
      1,
    );
    least(`verify JWT again, ${alg}: 100 × jose`, find.ratio(id, JOSE, id, REPEATED), 100);
  }
  for (const [operation, bound] of Object.entries(ROUND_TRIPS)) {
    const sent = find.rowOf(`round-trips-${operation.replace(' ', '-')}`, 'ours')?.median;
    most(`${operation}: ${bound} round trip${bound > 1 ? 's' : ''}`, sent, bound, String);
  }
  for (const operation of ['sign-in', 'refresh', 'revoke']) {
    const id = `${operation}-64`;
    const set = find.ratio(id, 'ours', 'sign-in-64', 'connect-redis');
    most(`${operation}, 64 at a time: 1.5 × a set of connect-redis at most`, set, 1.5);
    const written = find.ratio(id, 'ours', id, 'hand-written');
    most(`${operation}, 64 at a time: less than the hand-written one`, written, 1);
  }
  const milliseconds = (taken) => `${(taken / 1000).toFixed(2)} ms`;
  const revokeAll = find.rowOf('revoke-all-10000', 'ours')?.cells[OF_SERVER];
  most('revoke-all of 10,000: under 1 ms of the server', revokeAll, 1_000, milliseconds);
  const signOut = find.rowOf('live-sql', SIGN_OUT)?.median;
  most('SQL, revoke-all of 10,000 among a million: under 50 ms', signOut, 50_000, milliseconds);
  const delay = find.rowOf('live', EVENT_LOOP)?.median;
  const goal = 'a million sessions within reach of a near cache: event loop, p99, under 20 ms';
  most(goal, delay, 20_000, milliseconds);
  least('SQL, verify at 64: 5 × connect-pg-simple', faster('sql-verify-64'), 5);
  least('SQL, a guarded page of Express at 64: 3 × connect-pg-simple', faster('sql-page-64'), 3);
  least('SQL, a guarded page of Fastify at 64: 3 × the same', faster('sql-page-fastify-64'), 3);
  most(
    'SQL, time of the database a request: 0.25 × connect-pg-simple at most',
    ratioOf('sql-database-time'),
    0.25,
  );
  for (const framework of ['express', 'fastify', 'hono']) {
    const beyond = ratioOf(`pages-${framework}`);
    most(`${framework}, a page by the session cookie: a third of the peer’s time`, beyond, 1 / 3);
  }
  most(
    'memory: 350 B a session beside its data',
    find.rowOf('memory', 'ours')?.cells['B beside the data'],
    350,
    (bytes) => `${bytes.toFixed(0)} B`,
  );
  for (const { name, median, cells } of find.rowsOf('bundles')) {
    const budget = cells['budget, B'];
    const format = (bytes) => `${bytes.toLocaleString('en')} B`;
    most(`bundle of ${name}: ${format(budget)}`, median, budget, format);
  }
  return goals;
}
