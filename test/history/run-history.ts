import { sleep } from '@sess/test-servers';
import { checkHistory } from './checker.js';
import { explainFindings } from './explain.js';
import { type History, type Kind, readClock, type Tolerance } from './history.js';
import { createNames } from './names.js';
import type { Nemesis } from './nemesis.js';
import { createPrng, type Prng } from './prng.js';
import { createRecorder } from './recorder.js';
import { summarise } from './summary.js';
import { startWorkers, type WorkerPool } from './worker-pool.js';
import { createWorkload, type Workload } from './workload.js';

/** A history that is to be made and checked. */
export interface HistoryPlan {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  /** The bundled program of a worker, and what it is started with. */
  readonly worker: { readonly file: string; readonly config: unknown };
  readonly workers: number;
  /** Subjects, and the shard that keeps each. */
  readonly subjects: ReadonlyMap<string, number>;
  /** Acts of clients a second; some are several calls. */
  readonly rate: number;
  readonly tolerance: Tolerance;
  startNemesis(prng: Prng, pool: WorkerPool): Nemesis;
}

export interface HistoryOutcome {
  /** The violations, with the part of the history that each is about; empty if there is none. */
  readonly violations: string;
  /** Calls that brought no result although nothing was disturbed any more. */
  readonly unknowns: readonly string[];
}

/** After the last disturbance: clients have to find out which server is there now. */
const RECOVERY_MS = 15_000;
const WHOLE: readonly Kind[] = ['verify', 'refresh', 'update', 'revoke'];

/** Has processes serve clients while a nemesis disturbs their store, and holds what they did against the promises. */
export async function runHistory(plan: HistoryPlan): Promise<HistoryOutcome> {
  const { name, seed, seconds, subjects, rate, workers } = plan;
  const recorder = createRecorder(createNames());
  const pool = await startWorkers(plan.worker.file, plan.worker.config, {
    size: workers,
    onEvent: recorder.tell,
  });
  try {
    const workload = createWorkload({ pool, recorder, prng: createPrng(seed), subjects, rate });
    // A seed for each, or how long the one takes would change what the other does.
    const nemesis = plan.startNemesis(createPrng(seed + 1), pool);
    const end = readClock() + seconds * 1_000;
    let isOver = false;
    const running = workload.run(() => isOver);
    await Promise.race([sleep(end - readClock()), running]);
    const { disturbances, troubles } = await nemesis.stop();
    const healedAt = readClock();
    // Under load, for that is how a store has to come back.
    await untilWhole(workload, pool, subjects);
    const recovery = readClock() - healedAt;
    await sleep(1_000);
    isOver = true;
    await running;
    const unknowns = await askEverything(workload, pool);

    const history: History = { ...recorder, disturbances, unanswered: pool.waiting() };
    const findings = checkHistory(history, plan.tolerance);
    console.log(summarise({ name, seed, seconds, workers, history, findings, troubles, recovery }));
    const violations = findings.filter(({ verdict }) => verdict === 'violation');
    return { violations: explainFindings(history, violations), unknowns };
  } finally {
    await pool.stop();
  }
}

/** Resolves when a session can be begun, used and ended in every process and on every shard. */
async function untilWhole(
  workload: Workload,
  pool: WorkerPool,
  subjects: ReadonlyMap<string, number>,
): Promise<void> {
  const deadline = readClock() + RECOVERY_MS;
  const ofShards = new Map([...subjects].map(([subject, shard]) => [shard, subject]));
  for (const subject of ofShards.values()) {
    for (let worker = 0; worker < pool.size; worker += 1) {
      for (;;) {
        const fault = await findFault(workload, subject, worker);
        if (fault === undefined) break;
        if (readClock() > deadline) {
          const what = `worker ${worker} cannot serve ${subject} although the store is whole`;
          throw new Error(`${what}: ${fault}`);
        }
        await sleep(50);
      }
    }
  }
}

/** Returns what a worker could not do for a subject, or `undefined`. */
async function findFault(
  workload: Workload,
  subject: string,
  worker: number,
): Promise<string | undefined> {
  const { client, detail = '' } = await workload.signIn(subject, worker);
  if (client === undefined) return `create: ${detail}`;
  for (const kind of WHOLE) {
    const { outcome, detail: fault = '' } = await workload.call(client, kind, worker);
    // A revokeAll of another client may have ended it in the meantime, which is a result too.
    if (outcome === 'unknown') return `${kind}: ${fault}`;
    if (outcome === 'failed') break;
  }
  return undefined;
}

/** Every client, signed in or out, asks every process once more; returns the calls that brought no result. */
async function askEverything({ clients, call }: Workload, pool: WorkerPool): Promise<string[]> {
  const unknowns: string[] = [];
  for (const client of [...clients.live, ...clients.over]) {
    for (let worker = 0; worker < pool.size; worker += 1) {
      const { outcome, detail } = await call(client, 'verify', worker);
      if (outcome === 'unknown') unknowns.push(`${client.sid} in process ${worker}: ${detail}`);
    }
  }
  return unknowns;
}
