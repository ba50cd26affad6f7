// npm run bench:redis: what sessions in Redis cost, beside other ways to keep them there.
import { cpus } from 'node:os';
import { measureChanges } from './src/change-phase.mjs';
import { createConnectRedis } from './src/contenders/connect-redis.mjs';
import { createHandWritten } from './src/contenders/hand-written.mjs';
import { createOurs } from './src/contenders/ours.mjs';
import { measureMemory } from './src/memory-phase.mjs';
import { openCluster, openServer } from './src/provision.mjs';
import { GOAL_HEAD, goalRow, TIME_HEAD, table, timeRows } from './src/report.mjs';
import { measureRevokeAll } from './src/revoke-all-phase.mjs';
import { measureVerify, recordsOf } from './src/verify-phase.mjs';

const BARE = 'bare HGET';
const rounds = 7;

const began = performance.now();
const isTerminal = process.stderr.isTTY === true;
/** One line that is written over; where it cannot be, one a phase. */
function onRound(label, round, of) {
  const seconds = Math.round((performance.now() - began) / 1000);
  if (isTerminal) process.stderr.write(`\r\x1b[K${seconds} s: ${label}, ${round} of ${of}`);
  else if (round === 1) process.stderr.write(`${seconds} s: ${label}\n`);
}

const print = (text) => process.stdout.write(`${text}\n`);
const report = (line) => process.stderr.write(`${line}\n`);

onRound('starting a server', 1, 1);
const { binary, server, ioredis, nodeRedis, close } = await openServer(report);
const ours = createOurs(ioredis);
const near = createOurs(ioredis, {
  name: 'ours, near cache',
  options: { nearCache: { maxEntries: 10_000 } },
});
const peers = [createHandWritten(ioredis), createConnectRedis(nodeRedis)];
const plain = [ours, ...peers];
const flush = () => ioredis.flushall();

const single = await measureVerify({
  contenders: [ours, near, ...peers],
  rounds,
  onRound,
  hashOf(handles) {
    const records = recordsOf('ours:', handles.get(ours));
    return {
      [BARE]: { client: ioredis, records },
      'bare HGET, node-redis': { client: nodeRedis, records },
    };
  },
});
const changes = await measureChanges({ contenders: plain, rounds: 3, onRound });
const ends = await measureRevokeAll({ contenders: plain, flush, onRound });
const memory = await measureMemory({ contenders: plain, redis: ioredis, flush, onRound });
await near.close();
await ours.close();
await close();

onRound('starting a Cluster', 1, 1);
const cluster = await openCluster(binary);
const onCluster = createOurs(cluster.ioredis);
const sharded = await measureVerify({
  contenders: [onCluster],
  rounds,
  onRound,
  hashOf: (handles) => ({
    [BARE]: { client: cluster.ioredis, records: recordsOf('ours:', handles.get(onCluster)) },
  }),
});
await onCluster.close();
await cluster.close();
if (isTerminal) process.stderr.write('\r\x1b[K');

const bareOf = (seen, concurrency) => seen.get(concurrency).get(BARE);
const rows = [];
for (const [concurrency, seen] of single)
  rows.push(...timeRows(`verify, ${concurrency} at a time`, seen, bareOf(single, concurrency)));
for (const [concurrency, seen] of sharded) {
  const operation = `verify on a Cluster, ${concurrency} at a time`;
  rows.push(...timeRows(operation, seen, bareOf(sharded, concurrency)));
}
for (const [operation, perConcurrency] of changes)
  for (const [concurrency, seen] of perConcurrency)
    rows.push(
      ...timeRows(`${operation}, ${concurrency} at a time`, seen, bareOf(single, concurrency)),
    );
for (const [size, seen] of ends)
  rows.push(...timeRows(`revoke-all of ${size.toLocaleString('en')}`, seen, bareOf(single, 1)));

print(`## Time\n
Redis ${binary.version} on loopback, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}.
Medians over rounds in which the contenders took turns. connect-redis has neither rotation nor an index: its
refresh is a new id for the same data, its revoke-all reads every session there is (here, those of one user only).\n`);
print(table(TIME_HEAD, rows));

print(`\n## Memory, at three sessions a user\n`);
print(
  table(
    ['by', 'B a session', 'of which data', 'all else'],
    [...memory].map(([name, { perSession, data }]) => [
      name,
      perSession.toFixed(0),
      data,
      (perSession - data).toFixed(0),
    ]),
  ),
);
print(
  '\nData is what the caller gave, as JSON: subject, device, session data. All else of ours is the header, digests,\n' +
    "salts and deadlines of the record (about 195 B), its field and the hash's entry for it, and a third of the\n" +
    "subject's key, hash, expiry and book-keeping.\n",
);

const ratio = (seen, concurrency, by = 'ours') =>
  bareOf(seen, concurrency).median / seen.get(concurrency).get(by).median;
const throughput = (label, value, least) =>
  goalRow(
    `${label}: ${least} × the throughput of a bare HGET`,
    `${value.toFixed(2)} ×`,
    value >= least,
  );
const all = ends.get(10_000).get('ours').median / 1000;
const own = memory.get('ours');
print('## Goals\n');
print(
  table(GOAL_HEAD, [
    throughput('verify, 64 at a time', ratio(single, 64), 1.5),
    throughput('verify, 1 at a time', ratio(single, 1), 0.9),
    throughput('verify on a Cluster, 64 at a time', ratio(sharded, 64), 0.9),
    throughput('verify on a Cluster, 1 at a time', ratio(sharded, 1), 0.9),
    goalRow('revoke-all of 10,000: under 5 ms', `${all.toFixed(2)} ms`, all < 5),
    goalRow(
      'memory: at most 400 B a session beside its data',
      `${(own.perSession - own.data).toFixed(0)} B`,
      own.perSession - own.data <= 400,
    ),
  ]),
);
report(
  `took ${Math.round((performance.now() - began) / 1000)} s, server on port ${server.port} is gone`,
);
