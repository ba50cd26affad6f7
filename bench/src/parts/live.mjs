// Many live sessions on one Redis: what an operation takes, of whom the first and the hundredth are, what a mass sign-out does
// to others, how long a restart lasts, and what a near cache costs a process that has all of them within reach.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { createGroup } from '../groups.mjs';
import { summary, timePerOp } from '../measure.mjs';
import { openIoredis } from '../provision.mjs';
import { sampleBytes, sampleSession, subjectNamed } from '../sample.mjs';

const VERIFY = 'verify, 64 at a time';
const NEAR = 'verify, near cache with all of them';
export const EVENT_LOOP = 'event loop, p99, while near caches are used';
const MANY = 20_000;
/** Processes with a near cache beside the one that changes sessions. */
const LISTENERS = 4;

export async function measureLive({ openRestartable, settings, onRound }) {
  const { liveSessions, liveMs: milliseconds, massSignOut } = settings;
  // A revocation of the last second must not be lost with the process.
  const server = await openRestartable({ appendonly: 'yes', appendfsync: 'everysec' });
  const client = await openIoredis(server.url);
  const opened = [];
  const open = (own, options) => {
    const store = redisStore(own, { timeout: '10s', ...options });
    const sessions = createSessions({ store, maxPerSubject: MANY });
    opened.push(sessions);
    return sessions;
  };
  const sessions = open(client);
  const seen = new Map();
  const measure = async (name, work, how) => {
    onRound(name, seen.size + 1, 7);
    seen.set(name, await latenciesOf(work, { milliseconds, ...how }));
  };

  const before = await memoryOf(client);
  const tokens = new Array(liveSessions);
  let filled = 0;
  const began = performance.now();
  const fill = async (n) => {
    const { accessToken } = await sessions.create(
      sampleSession(subjectNamed('live', Math.floor(n / 3))),
    );
    tokens[n] = accessToken;
    filled += 1;
    if (filled % 10_000 === 0) onRound('sessions', filled, liveSessions);
  };
  await timePerOp(fill, { count: liveSessions, concurrency: 128 });
  const rate = liveSessions / ((performance.now() - began) / 1_000);
  const each = ((await memoryOf(client)) - before) / liveSessions;

  const any = () => tokens[Math.floor(Math.random() * liveSessions)];
  const verify = async (engine, token = any()) => {
    if (!(await engine.verify(token)).ok) throw new Error('a live session was refused');
  };
  await measure(VERIFY, () => verify(sessions), { concurrency: 64 });
  await measure('sign-in, 16 at a time', (n) => sessions.create(sampleSession(`new-${n}`)), {
    concurrency: 16,
  });
  const family = await sessions.create(sampleSession('refreshing'));
  let { refreshToken } = family;
  await measure('refresh, one at a time', async () => {
    const issued = await sessions.refresh(refreshToken);
    if (!issued.ok) throw new Error(`not refreshed: ${issued.reason}`);
    refreshToken = issued.refreshToken;
  });

  // Of one account, while others go on.
  await timePerOp(() => sessions.create(sampleSession('everywhere')), {
    count: massSignOut,
    concurrency: 64,
  });
  const others = latenciesOf(() => verify(sessions), { milliseconds, concurrency: 16 });
  const asked = performance.now();
  const ended = await sessions.revokeAll('everywhere');
  const signOutMs = performance.now() - asked;
  if (ended !== massSignOut) throw new Error(`${ended} sessions ended, expected ${massSignOut}`);
  seen.set(`verify, 16 at a time, beside the sign-out of ${massSignOut}`, await others);

  onRound('near caches', 5, 7);
  const clients = [];
  for (let n = 0; n < LISTENERS; n += 1) clients.push(await openIoredis(server.url));
  const near = clients.map((own) =>
    open(own, { nearCache: { maxEntries: liveSessions, maxBytes: 4_000_000_000, maxAge: '10m' } }),
  );
  for (const engine of near) await engine.ready();
  const heapBefore = process.memoryUsage.rss();
  for (const token of tokens) await verify(near[0], token);
  const heldBytes = (process.memoryUsage.rss() - heapBefore) / liveSessions;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await measure(NEAR, () => verify(near[0]), { concurrency: 1 });
  const outBefore = await sentBytes(client);
  const changed = Math.min(2_000, liveSessions);
  for (let n = 0; n < changed; n += 1) {
    const issued = await sessions.refresh(refreshToken);
    if (issued.ok) refreshToken = issued.refreshToken;
  }
  delay.disable();
  const p99 = delay.percentile(99) / 1e3;
  seen.set(EVENT_LOOP, { median: p99, low: p99, high: p99, cells: { 'p99 µs': p99 } });
  const traffic = (await sentBytes(client)) - outBefore;

  onRound('a restart', 6, 7);
  await server.kill('SIGKILL');
  const down = performance.now();
  await server.restart();
  const restartedMs = performance.now() - down;
  await untilVerified(() => verify(sessions));
  const healedMs = performance.now() - down;
  await measure(`${VERIFY}, after the restart`, () => verify(sessions), { concurrency: 64 });

  for (const engine of opened) await engine.close();
  for (const own of [client, ...clients]) own.disconnect();
  const text = (n, digits = 0) => n.toLocaleString('en', { maximumFractionDigits: digits });
  return [
    createGroup({
      id: 'live',
      title: `${text(liveSessions)} live sessions on one Redis`,
      unit: 'µs',
      seen,
      baseline: VERIFY,
      notes: [
        `Signed in at ${text(rate)} a second. ${text(each)} B a session in Redis, of which ${sampleBytes(subjectNamed('live', 0))} B are what the caller gave.`,
        `The sign-out of ${text(massSignOut)} sessions of one account took ${text(signOutMs, 1)} ms.`,
        `The server was killed and started again: it had read its log after ${text(restartedMs / 1_000, 1)} s, the first verification succeeded after ${text(healedMs / 1_000, 1)} s.`,
        `A near cache with all sessions takes ${text(heldBytes)} B of the process a session. The event loop was observed while it was used, and while ${text(changed)} refreshes were reported.`,
        `A refresh sends ${text(traffic / changed)} B in all to its caller and ${LISTENERS} processes with near caches.`,
      ],
    }),
  ];
}

/** Runs `work` for some time; resolves to the median and quartiles of its duration, with the 99th percentile. */
async function latenciesOf(work, { milliseconds, concurrency = 1 }) {
  const times = [];
  const until = performance.now() + milliseconds;
  const lane = async () => {
    do {
      const began = performance.now();
      await work(times.length);
      times.push((performance.now() - began) * 1_000);
    } while (performance.now() < until);
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  times.sort((left, right) => left - right);
  const p99 = times[Math.min(times.length - 1, Math.floor(times.length * 0.99))];
  return { ...summary(times), cells: { 'p99 µs': p99 } };
}

async function untilVerified(verify) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await verify();
    } catch (error) {
      if (attempt === 6_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

async function memoryOf(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1]);
}

/** Bytes that the server has sent to all of its clients. */
async function sentBytes(redis) {
  return Number(/total_net_output_bytes:(\d+)/.exec(await redis.info('stats'))[1]);
}
