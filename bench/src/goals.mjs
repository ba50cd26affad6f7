// Compares a run with the goals for speed and size. A goal whose rows were not measured is left out.
import { IDLE } from './parts/http.mjs';
import { JOSE, REPEATED } from './parts/jwt.mjs';
import { ROUND_TRIPS } from './parts/round-trips.mjs';
import { HGET, SHA } from './parts/verify.mjs';

const NEAR = 'ours, near cache';
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

  for (const [concurrency, bound] of [
    [64, 1.5],
    [1, 0.9],
  ]) {
    const id = `verify-redis-${concurrency}`;
    const faster = find.ratio(id, HGET, id, 'ours');
    least(
      `verify from Redis, ${concurrency} at a time: ${bound} bare HGETs at least`,
      faster,
      bound,
    );
  }
  for (const name of ['ours, memory', NEAR])
    most(
      `verify, ${name}: 2 SHA-256 at most`,
      find.ratio('verify-local', name, 'verify-local', SHA),
      2,
    );
  const peer = (name) => find.ratio('verify-redis-64', name, 'verify-redis-64', NEAR);
  least('verify, near cache: 20 × express-session with connect-redis', peer(SESSION), 20);
  least('verify, near cache: 100 × better-auth’s getSession', peer('better-auth'), 100);
  for (const alg of ['HS256', 'ES256']) {
    const id = `jwt-${alg}`;
    least(`verify JWT again, ${alg}: 50 × jose`, find.ratio(id, JOSE, id, REPEATED), 50);
  }
  for (const [operation, bound] of Object.entries(ROUND_TRIPS)) {
    const sent = find.rowOf(`round-trips-${operation.replace(' ', '-')}`, 'ours')?.median;
    most(`${operation}: ${bound} round trip${bound > 1 ? 's' : ''}`, sent, bound, String);
  }
  most(
    'revoke-all of 10,000: under 5 ms',
    find.rowOf('revoke-all-10000', 'ours')?.median,
    5_000,
    (taken) => `${(taken / 1000).toFixed(2)} ms`,
  );
  // Of paired slices a ratio is that to the base, which is the peer.
  const faster = (id) => 1 / find.rowOf(id, 'ours')?.ratios[0];
  least('SQL, verify at 64: 5 × connect-pg-simple', faster('sql-verify-64'), 5);
  least('SQL, a guarded page at 64: 3 × connect-pg-simple', faster('sql-page-64'), 3);
  most(
    'SQL, time of the database a request: 0.25 × connect-pg-simple at most',
    find.rowOf('sql-database-time', 'ours')?.ratios[0],
    0.25,
  );
  for (const [framework, bound] of [
    ['express', 0.95],
    ['fastify', 0.9],
    ['hono', 0.9],
  ]) {
    const id = `http-${framework}`;
    for (const name of [NEAR, 'ours, batched reads']) {
      const share = find.ratio(id, name, id, IDLE);
      least(`${framework}, ${name}: ${bound} of the idle hook’s throughput`, share, bound);
      // The load and Redis have the same two cores: so the processor time of the serving process is a separate figure.
      const spent = (row) => Number(find.rowOf(id, row)?.cells['µs of CPU']);
      const byCpu = share === undefined ? undefined : spent(IDLE) / spent(name);
      least(`${framework}, ${name}: the same by processor time`, byCpu, bound);
    }
  }
  for (const framework of ['express', 'fastify', 'hono']) {
    const beyond = find.rowOf(`pages-${framework}`, 'ours')?.ratios[0];
    most(`${framework}, a page by the session cookie: a third of the peer’s time`, beyond, 1 / 3);
  }
  most(
    'memory: 400 B a session beside its data',
    find.rowOf('memory', 'ours')?.cells['B beside the data'],
    400,
    (bytes) => `${bytes.toFixed(0)} B`,
  );
  for (const { name, median, cells } of find.rowsOf('bundles')) {
    const budget = cells['budget, B'];
    const format = (bytes) => `${bytes.toLocaleString('en')} B`;
    most(`bundle of ${name}: ${format(budget)}`, median, budget, format);
  }
  return goals;
}
