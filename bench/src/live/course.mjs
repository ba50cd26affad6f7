// What is asked of a server with many live sessions, in turn.
import { createSessions } from '@sess/core';
import { describeLatencies, takeLatencies } from '../latencies.mjs';
import { timePerOp } from '../measure.mjs';
import { sampleBytes, sampleSession, subjectNamed } from '../sample.mjs';
import {
  EVERYWHERE,
  signOutEverywhere,
  sweepEnded,
  text,
  useNearCaches,
  VERIFY,
  withRestart,
} from './steps.mjs';

/** Sessions that one account may have. */
const MANY = 20_000;
const ROWS = 12;

/**
 * @param host a server with its stores: of `redis.mjs` or `postgres.mjs`
 * @returns { seen, notes } for a group
 */
export async function runCourse(host, { settings, onRound }) {
  const course = await createCourse(host, { settings, onRound });
  const { sessions, measure, verify } = course;
  await fill(course);
  await measure(VERIFY, () => verify(sessions), { concurrency: 64 });
  await measure('sign-in, 16 at a time', (n) => sessions.create(sampleSession(`new-${n}`)), {
    concurrency: 16,
  });
  course.refresh = await createRefreshing(course);
  await measure('refresh, one at a time', course.refresh);
  await measure('refresh, 16 at a time', course.refresh, { concurrency: 16 });
  await signOutEverywhere(course);
  if (host.end) await sweepEnded(course);
  await useNearCaches(course);
  await withRestart(course);
  for (const engine of course.opened) await engine.close();
  return { seen: course.seen, notes: course.notes };
}

async function createCourse(host, { settings, onRound }) {
  const { liveSessions, liveMs, massSignOut } = settings;
  const opened = [];
  const engineOn = (store) => {
    const engine = createSessions({ store, maxPerSubject: MANY });
    opened.push(engine);
    return engine;
  };
  const sessions = engineOn(await host.openStore());
  const filling = await host.openFilling();
  const filler = engineOn(filling.store);
  const seen = new Map();
  const tokens = new Array(liveSessions);
  /** Every so manyth session is of the account that signs out everywhere: they lie apart, as after months. */
  const apart = Math.floor(liveSessions / massSignOut);
  const isOfOne = (n) => n % apart === 0 && n < apart * massSignOut;
  const any = () => {
    const n = Math.floor(Math.random() * liveSessions);
    return tokens[isOfOne(n) ? n + 1 : n] ?? tokens[1];
  };
  return {
    host,
    settings,
    onRound,
    opened,
    engineOn,
    sessions,
    sweeping: filling.store,
    seen,
    notes: [],
    tokens,
    isOfOne,
    async measure(name, work, how) {
      onRound(name, seen.size + 1, ROWS);
      const times = await takeLatencies(work, { milliseconds: liveMs, ...how });
      seen.set(name, describeLatencies(times));
    },
    async verify(engine, token = any()) {
      if (!(await engine.verify(token)).ok) throw new Error('a live session was refused');
    },
    async signInMany(subjectOf, count, keep = () => {}) {
      const signIn = async (n) => {
        keep(n, await filler.create(sampleSession(subjectOf(n))));
        if (n % 10_000 === 0) onRound('sessions', n, count);
      };
      await timePerOp(signIn, { count, concurrency: 128 });
      await filling.flush();
    },
  };
}

async function fill({ host, settings, signInMany, tokens, isOfOne, notes }) {
  const { liveSessions } = settings;
  const before = await host.bytes();
  const began = performance.now();
  await signInMany(
    (n) => (isOfOne(n) ? EVERYWHERE : subjectNamed('live', Math.floor(n / 3))),
    liveSessions,
    (n, { accessToken }) => {
      tokens[n] = accessToken;
    },
  );
  const rate = liveSessions / ((performance.now() - began) / 1_000);
  await host.settle?.();
  const each = ((await host.bytes()) - before) / liveSessions;
  notes.push(
    `Filled at ${text(rate)} sessions a second. ${text(each)} B a session, of which ${sampleBytes(subjectNamed('live', 0))} B are what the caller gave.`,
  );
  if (host.describeBytes) notes.push(await host.describeBytes(liveSessions));
}

/** A function that refreshes one session after the other: a session that was refreshed just now is not rotated again and again. */
async function createRefreshing({ sessions, settings, signInMany }) {
  const count = settings.refreshedSessions;
  const tokens = new Array(count);
  const keep = (n, { refreshToken }) => {
    tokens[n] = refreshToken;
  };
  await signInMany((n) => subjectNamed('refreshing', Math.floor(n / 3)), count, keep);
  let last = -1;
  return async () => {
    last = (last + 1) % count;
    const n = last;
    const issued = await sessions.refresh(tokens[n]);
    if (!issued.ok) throw new Error(`not refreshed: ${issued.reason}`);
    tokens[n] = issued.refreshToken;
  };
}
