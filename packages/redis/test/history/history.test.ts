import { randomInt } from 'node:crypto';
import { type RedisCluster, requireServer, sleep, startRedisCluster } from '@sess/test-servers';
import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { scaled } from '../../../../test/fuzzing.js';
import { type Bundle, bundleWorker } from './bundle-worker.js';
import { checkHistory } from './checker.js';
import { explainFindings } from './explain.js';
import { type History, type Kind, readClock, type Tolerance } from './history.js';
import { createNames } from './names.js';
import { startNemesis } from './nemesis.js';
import { createPrng } from './prng.js';
import { createRecorder } from './recorder.js';
import { type Shards, watchShards } from './shards.js';
import { summarise } from './summary.js';
import { startWorkers, type WorkerPool } from './worker-pool.js';
import { createWorkload, type Workload } from './workload.js';

/** Thirty at full scale; in fewer than eight no node would die, come back and be found out. */
const SECONDS = Math.max(8, scaled(30));
const SEED = Number(process.env['SESS_HISTORY_SEED'] ?? randomInt(2 ** 31));

const WORKERS = 3;
const SUBJECTS = 24;
const KEY_PREFIX = 'history:';
/** Shorter than the outages, so that clients come back after their grace; longer than a call. */
const GRACE = '5s';
/** Acts of clients a second; some are several calls. */
const RATE = 320;
/** No lag: a disturbance is counted from a moment up to which the replica has everything. */
const TOLERANCE: Tolerance = { lag: 0, revival: 5_000, margin: 1_500, timeout: 1_000 };
/** After the last disturbance: clients of the cluster have to find out who is master now. */
const RECOVERY_MS = 15_000;

describe('a history of several processes on a Cluster whose nodes die, fall silent and change places', () => {
  let cluster: RedisCluster;
  let bundle: Bundle;
  let shards: Shards;
  beforeAll(async () => {
    const binary = requireServer(inject('servers').redis);
    [cluster, bundle] = await Promise.all([startRedisCluster({ binary }), bundleWorker()]);
    shards = await watchShards(cluster, KEY_PREFIX);
  }, 60_000);
  afterAll(async () => {
    await shards?.stop();
    await Promise.all([cluster?.stop(), bundle?.remove()]);
  });

  test(
    'keeps what was promised',
    async ({ expect, onTestFinished }) => {
      const prng = createPrng(SEED);
      const recorder = createRecorder(createNames());
      const pool = await startWorkers(
        bundle.file,
        { endpoints: cluster.endpoints, keyPrefix: KEY_PREFIX, grace: GRACE },
        { size: WORKERS, onEvent: recorder.tell },
      );
      onTestFinished(() => pool.stop());
      const subjects = new Map<string, number>();
      for (let n = 1; n <= SUBJECTS; n += 1) {
        subjects.set(`user-${n}`, await shards.shardOf(`user-${n}`));
      }
      const workload = createWorkload({ pool, recorder, prng, subjects, rate: RATE });

      // A seed for each, or how long the one takes would change what the other does.
      const nemesis = startNemesis(cluster, shards, createPrng(SEED + 1));
      const end = readClock() + SECONDS * 1_000;
      let isOver = false;
      const running = workload.run(() => isOver);
      await Promise.race([sleep(end - readClock()), running]);
      const { disturbances, troubles } = await nemesis.stop();
      const healedAt = readClock();
      // Under load, for that is how a cluster has to come back.
      await untilWhole(workload, pool, subjects);
      const recovery = readClock() - healedAt;
      await sleep(1_000);
      isOver = true;
      await running;
      const unknowns = await askEverything(workload, pool);

      const history: History = { ...recorder, disturbances, unanswered: pool.waiting() };
      const findings = checkHistory(history, TOLERANCE);
      const workers = WORKERS;
      const told = { seed: SEED, seconds: SECONDS, workers, history, findings, troubles, recovery };
      console.log(summarise(told));
      const violations = findings.filter(({ verdict }) => verdict === 'violation');
      expect(violations.length, explainFindings(history, violations)).toBe(0);
      expect(unknowns, 'calls without an answer after the cluster was whole again').toEqual([]);
    },
    SECONDS * 1_000 + 120_000,
  );
});

const WHOLE: readonly Kind[] = ['verify', 'refresh', 'update', 'revoke'];

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
      while (!(await isWhole(workload, subject, worker))) {
        if (readClock() > deadline) {
          throw new Error(`worker ${worker} cannot serve ${subject} although the cluster is whole`);
        }
        await sleep(50);
      }
    }
  }
}

async function isWhole(workload: Workload, subject: string, worker: number): Promise<boolean> {
  const client = await workload.signIn(subject, worker);
  if (client === undefined) return false;
  for (const kind of WHOLE) {
    const { outcome } = await workload.call(client, kind, worker);
    // Somebody else's revokeAll may have ended it meanwhile, which is an answer too.
    if (outcome === 'unknown') return false;
    if (outcome === 'failed') break;
  }
  return true;
}

/** Every client, signed in or out, asks every process once more; answers the calls that came to nothing. */
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
