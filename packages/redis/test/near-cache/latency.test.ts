import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failFast } from '@sess/redis';
import { type RedisServer, requireServer, startRedisServer, until } from '@sess/test-servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type OpenStore, openStore, percentile } from './help.js';

/** Samples of each measurement: a hundredth of fewer would mean nothing. */
const SAMPLES = 200;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
});
afterAll(() => server?.stop());

interface Scene {
  readonly near: OpenStore;
  readonly other: OpenStore;
  readonly revoker: Revoker;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Another process that revokes what it is told to, and tells when it had the answer. */
interface Revoker {
  /** Answers with the time of the answer, on the clock that all processes of the machine share. */
  revoke(sid: string): Promise<bigint>;
}

async function startRevoker(): Promise<Revoker> {
  const file = fileURLToPath(new URL('revoking-child.mjs', import.meta.url));
  // Not the flags of the test runner: the child runs from dist/.
  const child = fork(file, [server.url], { execArgv: [] });
  onTestFinished(() => void child.kill());
  const waiting = new Map<string, (at: bigint) => void>();
  child.on('message', ({ sid, at }: { readonly sid: string; readonly at: string }) => {
    waiting.get(sid)?.(BigInt(at));
    waiting.delete(sid);
  });
  const revoke = (sid: string): Promise<bigint> =>
    new Promise((resolve) => {
      waiting.set(sid, resolve);
      child.send({ sid });
    });
  // Of nobody: answers when the process is up and connected.
  await revoke('-'.repeat(32));
  return { revoke };
}

/** Milliseconds from the answer to a revocation in another process until this one says no. */
async function measureGap(scene: Scene, subject: string): Promise<number> {
  const { near, other, revoker } = scene;
  const { sid } = await other.insert(subject);
  // More than one read: the invalidation of the insert may still be on its way at the first.
  for (let n = 0; !near.has(sid) && n < 100; n += 1) await near.load(sid);
  if (!near.has(sid)) return Number.NaN;
  const revoking = revoker.revoke(sid);
  while (near.has(sid)) await nextTurn();
  const at = process.hrtime.bigint();
  // The push may come here before the answer gets there.
  return Math.max(0, Number(at - (await revoking)) / 1e6);
}

async function measure(scene: Scene, workers: number): Promise<readonly number[]> {
  const gaps: number[] = [];
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      while (gaps.length < SAMPLES) {
        const gap = await measureGap(scene, `user ${worker}`);
        if (!Number.isNaN(gap)) gaps.push(gap);
      }
    }),
  );
  return gaps;
}

async function open(): Promise<Scene> {
  const clients = [new Redis(server.url, failFast), new Redis(server.url, failFast)] as const;
  for (const client of clients) onTestFinished(() => client.disconnect());
  const near = openStore(clients[0]);
  onTestFinished(near.close);
  const other = openStore(clients[1], { nearCache: false });
  await until(() => clients.every(({ status }) => status === 'ready'), { what: 'the clients' });
  const { sid } = await other.insert('warm-up');
  await near.cached(sid);
  return { near, other, revoker: await startRevoker() };
}

function report(name: string, gaps: readonly number[]): void {
  const at = (share: number): string => percentile(gaps, share).toFixed(2);
  process.stdout.write(
    `near cache, ${name}: from a revocation's answer to its refusal in another process, ${gaps.length} samples: ` +
      `median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms\n`,
  );
}

describe('the gap between two processes', { timeout: 120_000 }, () => {
  test('is short when there is nothing else to do', async () => {
    const gaps = await measure(await open(), 1);
    report('idle', gaps);
    expect(percentile(gaps, 0.5)).toBeLessThan(500);
  });

  test('and when there is', async () => {
    const scene = await open();
    let isRunning = true;
    // Reads that miss, of both instances, as fast as they are answered.
    const load = [scene.near, scene.other].map(async ({ store }) => {
      const sids = Array.from({ length: 32 }, (_, n) => `load${n}`.padEnd(32, 'x'));
      while (isRunning) await Promise.all(sids.map((sid) => store.load(sid)));
    });
    const gaps = await measure(scene, 8);
    isRunning = false;
    await Promise.all(load);
    report('under load', gaps);
    expect(percentile(gaps, 0.5)).toBeLessThan(500);
  });
});
