// A process that verifies as fast as it can on the given store; started by the part `scaling`.

import { timePerOp } from '../measure.mjs';
import { createOurs, createOursInMemory, createOursNear } from '../peers/ours.mjs';
import { openClusterClient, openIoredis } from '../provision.mjs';
import { subjectNamed } from '../sample.mjs';

const SPREAD = 256;
/** Verifications between two looks at the clock. */
const STRETCH = 2_048;

const { kind, url, nodes } = JSON.parse(process.argv[2]);
const client =
  kind === 'memory' ? undefined : await (nodes ? openClusterClient(nodes) : openIoredis(url));
const make = { memory: createOursInMemory, near: createOursNear, redis: createOurs }[kind];
const contender = make(client);
const handles = [];
for (let n = 0; n < SPREAD; n += 1)
  handles.push(await contender.signIn(subjectNamed(`w${process.pid}`, n)));

process.on('message', async ({ milliseconds }) => {
  const began = performance.now();
  let done = 0;
  while (performance.now() - began < milliseconds) {
    const work = (n) => contender.verify(handles[n % SPREAD]);
    await timePerOp(work, { count: STRETCH, concurrency: 64 });
    done += STRETCH;
  }
  process.send({ perSecond: (done * 1000) / (performance.now() - began) });
});
process.on('disconnect', () => process.exit(0));
process.send({ isReady: true });
