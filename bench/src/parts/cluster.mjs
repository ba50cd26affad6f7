// A Cluster of three masters beside one master, in slices that take turns in one process. The cores are shared by the client
// and all masters, so a rate cannot triple here; what the busiest master does for an operation says what it would be with
// a core for each.
import { createGroup } from '../groups.mjs';
import { describeLatencies, takeLatencies } from '../latencies.mjs';
import { summary, timePerOp } from '../measure.mjs';
import { createOurs } from '../peers/ours.mjs';
import { subjectNamed } from '../sample.mjs';

const CONCURRENCY = 64;
const ONE = 'a Cluster of one master';
const SIGN_IN_AND_OUT = 'sign-in and sign-out';

export async function measureCluster({ openServer, openCluster, settings, onRound }) {
  const { clusterSessions, clusterRounds, clusterMs } = settings;
  const { ioredis } = await openServer();
  const [one, three] = [await openCluster(1), await openCluster(3)];
  const contenders = [];
  for (const [name, client, mastersOf] of [
    ['one server, reads batched', ioredis, () => [ioredis]],
    [ONE, one.ioredis, () => one.ioredis.nodes('master')],
    ['a Cluster of three masters', three.ioredis, () => three.ioredis.nodes('master')],
  ]) {
    onRound(`signing in, ${name}`, 1, 1);
    const ours = createOurs(client);
    const handles = new Array(clusterSessions);
    const signIn = async (n) => {
      handles[n] = await ours.signIn(subjectNamed('cluster', Math.floor(n / 3)));
    };
    await timePerOp(signIn, { count: clusterSessions, concurrency: 128 });
    contenders.push({ name, mastersOf, works: worksOf(ours, handles), ours });
  }

  const groups = [];
  for (const operation of ['verify', 'refresh', SIGN_IN_AND_OUT]) {
    const taken = new Map(contenders.map(({ name }) => [name, []]));
    for (let round = 0; round <= clusterRounds; round += 1) {
      onRound(operation, round + 1, clusterRounds + 1);
      for (let n = 0; n < contenders.length; n += 1) {
        const contender = contenders[(n + round) % contenders.length];
        const slice = await takeSlice(contender, { operation, milliseconds: clusterMs });
        if (round > 0) taken.get(contender.name).push(slice);
      }
    }
    groups.push(
      createGroup({
        id: `cluster-${operation.replaceAll(' ', '-')}`,
        title: `${operation}, ${CONCURRENCY} at a time, one master and three`,
        unit: 'µs',
        seen: new Map([...taken].map(([name, slices]) => [name, describe(slices, taken.get(ONE))])),
        baseline: ONE,
        notes: [
          `${clusterSessions.toLocaleString('en')} sessions on each. The median is of single calls; the ratio is of the time a call, slice by slice.`,
          'The processor time of a master bounds the operations a second where each has a core.',
        ],
      }),
    );
  }
  for (const { ours } of contenders) await ours.close();
  return groups;
}

function worksOf(ours, handles) {
  const any = () => Math.floor(Math.random() * handles.length);
  let last = -1;
  let visits = 0;
  return {
    verify: () => ours.verify(handles[any()]),
    // One session after the other: one that was refreshed just now is not rotated again and again.
    async refresh() {
      last = (last + 1) % handles.length;
      const n = last;
      handles[n] = await ours.refresh(handles[n]);
    },
    async [SIGN_IN_AND_OUT]() {
      visits += 1;
      await ours.revoke(await ours.signIn(subjectNamed('visit', visits)));
    },
  };
}

async function takeSlice({ works, mastersOf }, { operation, milliseconds }) {
  const before = await processorTimes(mastersOf());
  const own = process.cpuUsage();
  const began = performance.now();
  const times = await takeLatencies(works[operation], { milliseconds, concurrency: CONCURRENCY });
  const wall = ((performance.now() - began) * 1_000) / times.length;
  const { user, system } = process.cpuUsage(own);
  const masters = (await processorTimes(mastersOf())).map(
    (time, n) => (time - before[n]) / times.length,
  );
  return { times, wall, client: (user + system) / times.length, masters };
}

/** Microseconds of processor that each server has used. */
async function processorTimes(masters) {
  const texts = await Promise.all(masters.map((master) => master.call('INFO', 'cpu')));
  return texts.map((info) =>
    ['user', 'sys'].reduce(
      (sum, kind) => sum + Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(info)[1]) * 1e6,
      0,
    ),
  );
}

function describe(slices, base) {
  const of = (member) => summary(slices.map(member)).median;
  const latencies = describeLatencies(slices.flatMap(({ times }) => times));
  return {
    ...latencies,
    ratio: summary(slices.map(({ wall }, n) => wall / base[n].wall)).median,
    cells: {
      ...latencies.cells,
      'op/s': Math.round(1e6 / of(({ wall }) => wall)),
      'µs of the client': of(({ client }) => client),
      'µs of all masters': of(({ masters }) => masters.reduce((sum, one) => sum + one, 0)),
      'µs of the busiest': of(({ masters }) => Math.max(...masters)),
    },
  };
}
