import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { sleep } from '@sess/test-servers';
import { scaled } from '../../../../test/fuzzing.js';
import { type Bundle, bundleWorker } from '../../../../test/history/bundle-worker.js';
import { type Disturbance, readClock, type Tolerance } from '../../../../test/history/history.js';
import { type Nemesis, repeatDisturbances } from '../../../../test/history/nemesis.js';
import type { Prng } from '../../../../test/history/prng.js';
import {
  type HistoryOutcome,
  type HistoryPlan,
  runHistory,
} from '../../../../test/history/run-history.js';
import type { WorkerConfig } from './worker.js';

/** Thirty at full scale; in fewer than eight a short run would see too few kinds of disturbances. */
const SECONDS: number = Math.max(8, scaled(30));
/** For starting servers, for the recovery, and for a machine that is busy. */
export const PATIENCE: number = SECONDS * 1_000 + 180_000;

const SUBJECTS = 24;
/** The default: a call that waits for a stopped process, on a machine that is busy, takes some seconds. */
const GRACE = '10s';
const TOLERANCE: Tolerance = { lag: 0, revival: 5_000, margin: 1_500, timeout: 1_000 };

/** Bundles the worker. Drivers stay outside: they are native, or load files beside theirs. */
export function bundleSqlWorker(): Promise<Bundle> {
  return bundleWorker({
    entry: new URL('worker.ts', import.meta.url),
    external: ['libsql', 'mysql2', 'mysql2/promise', 'pg'],
    parent: fileURLToPath(new URL('../../node_modules/.cache', import.meta.url)),
  });
}

/** Runs a history of three processes on one database. */
export function runSqlHistory(given: {
  readonly name: string;
  readonly bundle: Bundle;
  readonly config: Omit<WorkerConfig, 'grace'>;
  readonly rate?: number;
  readonly startNemesis: HistoryPlan['startNemesis'];
}): Promise<HistoryOutcome> {
  const { name, bundle, config, rate = 100, startNemesis } = given;
  const subjects = Array.from({ length: SUBJECTS }, (_, n) => [`user-${n}`, 0] as const);
  return runHistory({
    name,
    seed: Number(process.env['SESS_HISTORY_SEED'] ?? randomInt(2 ** 31)),
    seconds: SECONDS,
    worker: { file: bundle.file, config: { ...config, grace: GRACE } },
    workers: 3,
    subjects: new Map(subjects),
    rate,
    tolerance: TOLERANCE,
    startNemesis,
  });
}

/** One way to disturb a database. Resolves when that is undone; with `since`, writes after that moment may be lost. */
export type Disturb = (prng: Prng) => Promise<{ readonly since: number } | undefined>;

/** Disturbs a database that is one shard. */
export function disturbDatabase(
  prng: Prng,
  disturbances: Readonly<Record<string, Disturb>>,
): Nemesis {
  const made: Disturbance[] = [];
  const troubles: string[] = [];
  return repeatDisturbances({
    prng,
    kinds: Object.keys(disturbances),
    async disturb(kind) {
      const begun = readClock();
      try {
        const lost = await disturbances[kind]?.(prng);
        const [from, mayLose] = [lost?.since ?? begun, lost !== undefined];
        made.push({ kind, shard: 0, from, to: readClock(), mayLose });
      } catch (error) {
        troubles.push(`${kind}: ${String(error)}`);
      }
    },
    report: async () => ({ disturbances: made, troubles }),
  });
}

/** Has something stand still for a while. */
export async function standStill(
  stopped: { pause(): void; resume(): void },
  milliseconds: number,
): Promise<undefined> {
  stopped.pause();
  try {
    await sleep(milliseconds);
  } finally {
    stopped.resume();
  }
}
