// Verification by one process and by two, on one server and on Clusters, as far as the machine's cores show it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createGroup } from '../groups.mjs';
import { summary } from '../measure.mjs';

const WORKER = fileURLToPath(new URL('../scaling/worker.mjs', import.meta.url));
const ONE = '1 process';

export async function measureScaling({ openServer, openCluster, settings, onRound }) {
  const { url } = await openServer();
  const stores = [
    ['memory', 'in memory, each its own', { kind: 'memory' }],
    ['near', 'near cache, one server', { kind: 'near', url }],
    ['redis', 'batched reads, one server', { kind: 'redis', url }],
  ];
  for (const masters of settings.clusters) {
    onRound(`starting a Cluster of ${masters}`, 1, 1);
    const { nodes } = await openCluster(masters);
    const title = `a Cluster of ${masters === 1 ? 'one master' : 'three masters'}`;
    stores.push([`cluster-${masters}`, title, { kind: 'redis', nodes }]);
  }
  const groups = [];
  for (const [id, title, given] of stores) {
    const workers = [await startWorker(given), await startWorker(given)];
    const seen = new Map([
      [ONE, []],
      ['2 processes', []],
    ]);
    try {
      for (let round = 0; round <= settings.rounds; round += 1) {
        onRound(title, round + 1, settings.rounds + 1);
        for (const [n, list] of [...seen.values()].entries()) {
          const rates = await Promise.all(
            workers.slice(0, n + 1).map((worker) => askWorker(worker, settings.scalingMs)),
          );
          if (round > 0) list.push(rates.reduce((sum, rate) => sum + rate, 0));
        }
      }
    } finally {
      for (const worker of workers) await stopWorker(worker);
    }
    groups.push(
      createGroup({
        id: `scaling-${id}`,
        title: `Verifications a second, ${title}`,
        unit: 'op/s',
        seen: new Map([...seen].map(([name, rates]) => [name, summary(rates)])),
        baseline: ONE,
        isHigherBetter: true,
        notes: ['64 at a time in each process. The servers run on the same cores.'],
      }),
    );
  }
  return groups;
}

async function startWorker(given) {
  const worker = fork(WORKER, [JSON.stringify(given)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [first] = await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
  if (first?.isReady !== true) throw new Error(`a worker ended with ${first}`);
  return worker;
}

async function askWorker(worker, milliseconds) {
  worker.send({ milliseconds });
  const [{ perSecond }] = await once(worker, 'message');
  return perSecond;
}

async function stopWorker(worker) {
  const ended = once(worker, 'exit');
  worker.kill();
  await ended;
}
