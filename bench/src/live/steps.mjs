// What disturbs a server with many live sessions: a mass sign-out, a sweep, near caches that have all of them within reach,
// and a restart.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describeLatencies, takeLatencies } from '../latencies.mjs';
import { summary, timePerOp } from '../measure.mjs';
import { subjectNamed } from '../sample.mjs';

export const VERIFY = 'verify, 64 at a time';
export const EVENT_LOOP = 'event loop, p99, while near caches are used';
export const SIGN_OUT = 'the sign-out of one account';
/** The account that signs out. */
export const EVERYWHERE = 'everywhere';
/** Engines with a near cache beside the one that changes sessions. */
const LISTENERS = 4;
/** How many refreshes are sent at a time, where the cost of a report is measured: one at a time the server mostly waits. */
const REFRESHES = 16;

/** Resolves to the milliseconds that `work` took while others verified. */
async function beside({ sessions, verify, seen }, name, work) {
  let isOver = false;
  const times = [];
  const lane = async () => {
    while (!isOver)
      times.push(...(await takeLatencies(() => verify(sessions), { milliseconds: 1 })));
  };
  const lanes = Promise.all(Array.from({ length: 16 }, lane));
  const asked = performance.now();
  await work();
  const taken = performance.now() - asked;
  isOver = true;
  await lanes;
  seen.set(`verify, 16 at a time, beside ${name}`, describeLatencies(times));
  return taken;
}

export async function signOutEverywhere(course) {
  const { sessions, settings, onRound, seen, notes, signInMany } = course;
  const { massSignOut } = settings;
  onRound('a mass sign-out', 5, 9);
  const signOut = async () => {
    const ended = await sessions.revokeAll(EVERYWHERE);
    if (ended !== massSignOut) throw new Error(`${ended} sessions ended, expected ${massSignOut}`);
  };
  const apart = await beside(course, SIGN_OUT, signOut);
  const alone = [];
  for (let round = 0; round < 3; round += 1) {
    await signInMany(() => EVERYWHERE, massSignOut);
    const asked = performance.now();
    await signOut();
    alone.push((performance.now() - asked) * 1_000);
  }
  seen.set(SIGN_OUT, summary(alone));
  notes.push(
    `The account that signs out has ${text(massSignOut)} sessions: 3 times with nothing beside, and ${text(apart, 1)} ms once beside verifications, when they had been created between those of all others.`,
  );
}

export async function sweepEnded(course) {
  const { host, settings, onRound, notes, signInMany, sweeping } = course;
  const { endedSessions } = settings;
  onRound('a sweep', 6, 9);
  const sids = [];
  const keep = (_, { session }) => sids.push(session.sid);
  await signInMany((n) => subjectNamed('ended', Math.floor(n / 3)), endedSessions, keep);
  await host.end(sids);
  const sweeps = [];
  await beside(course, 'sweeps', async () => {
    while (await host.hasEnded()) {
      const began = performance.now();
      await sweeping.sweep();
      sweeps.push(performance.now() - began);
    }
  });
  notes.push(
    `${text(endedSessions)} ended sessions were swept by ${sweeps.length} sweeps of ${text(summary(sweeps).median, 1)} ms.`,
    await host.describeScans(),
  );
}

export async function useNearCaches(course) {
  const { host, settings, onRound, seen, notes, engineOn, verify, measure } = course;
  const { liveSessions } = settings;
  onRound('near caches', 7, 9);
  const nearCache = { maxEntries: liveSessions, maxBytes: 4_000_000_000, maxAge: '10m' };
  const quiet = await refreshSome(course, REFRESHES);
  const near = [];
  for (let n = 0; n < LISTENERS; n += 1) near.push(engineOn(await host.openStore({ nearCache })));
  for (const engine of near) await engine.ready();
  const live = course.tokens.filter((_, n) => !course.isOfOne(n));
  const before = process.memoryUsage.rss();
  const read = (n) => verify(near[0], live[n]);
  await timePerOp(read, { count: live.length, concurrency: 64 });
  const heldBytes = (process.memoryUsage.rss() - before) / live.length;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await measure('verify, near cache with all of them', () => verify(near[0]), { isAtOnce: true });
  const single = await refreshSome(course, 1);
  const reported = await refreshSome(course, REFRESHES);
  delay.disable();
  const p99 = delay.percentile(99) / 1e3;
  seen.set(EVENT_LOOP, { median: p99, low: p99, high: p99, cells: { 'p99 µs': p99 } });
  seen.set('refresh, one at a time, reported to near caches', describeLatencies(single.times));
  const of = (cost) => (reported[cost] - quiet[cost]) / LISTENERS;
  notes.push(
    `A near cache with all sessions takes ${text(heldBytes)} B of the process a session. The event loop was observed while it was used, and while ${text(settings.reportedRefreshes)} refreshes were reported.`,
    `A refresh sends ${text(reported.bytes)} B in all to its caller and ${LISTENERS} engines with near caches, ${text(of('bytes'))} B for each of these, which takes ${text(of('own'), 1)} µs of the processor to read (${REFRESHES} at a time).`,
  );
  if (host.processorTime)
    notes.push(
      `For each of them it takes ${text(of('microseconds'), 1)} µs more of the server, ${REFRESHES} at a time.`,
    );
}

/** Refreshes some; resolves to their times, the server's bytes and processor time for one, and that of this process. */
async function refreshSome({ host, settings, refresh }, concurrency) {
  const count = settings.reportedRefreshes;
  const state = async () => {
    const { user, system } = process.cpuUsage();
    return [await host.sentBytes(), (await host.processorTime?.()) ?? 0, user + system];
  };
  const before = await state();
  const times = [];
  const work = async () => {
    const asked = performance.now();
    await refresh();
    times.push((performance.now() - asked) * 1_000);
  };
  await timePerOp(work, { count, concurrency });
  const costs = (await state()).map((now, n) => (now - before[n]) / count);
  const [bytes, microseconds, own] = costs;
  return { times, bytes, microseconds, own };
}

export async function withRestart({ host, sessions, onRound, notes, measure, verify }) {
  onRound('a restart', 8, 9);
  await host.kill();
  const down = performance.now();
  await host.restart();
  const restarted = performance.now() - down;
  await untilDone(() => verify(sessions));
  notes.push(
    `The server was killed and started again: it was up after ${text(restarted / 1_000, 1)} s, the first verification succeeded after ${text((performance.now() - down) / 1_000, 1)} s.`,
  );
  await measure(`${VERIFY}, after the restart`, () => verify(sessions), { concurrency: 64 });
}

async function untilDone(work) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 6_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export function text(n, digits = 0) {
  return n.toLocaleString('en', { maximumFractionDigits: digits });
}
