import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { postgresStore } from '@sess/sql/postgres';
import { type PostgresServer, startPostgres } from '@sess/test-servers';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

const CHILD = fileURLToPath(new URL('processes/child.mjs', import.meta.url));
const SAMPLES = 100;

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server?.stop());

async function migrate(table: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: server.url });
  const store = postgresStore(pool, { table, nearCache: true });
  await store.migrate();
  await store.close();
  await pool.end();
}

/** An engine in another process. */
interface Engine {
  readonly child: ChildProcess;
  call<Result>(name: string, given?: object): Promise<Result>;
}

function startEngine(table: string, nearCache: boolean): Engine {
  // Not the flags of the test runner: the child runs from dist/.
  const child = fork(CHILD, [server.url, table, String(nearCache)], { execArgv: [] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const waiting = new Map<number, (result: unknown) => void>();
  child.on('message', ({ id, result }: { readonly id: number; readonly result: unknown }) => {
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let last = 0;
  return {
    child,
    call: (name, given = {}) =>
      new Promise((resolve) => {
        last += 1;
        waiting.set(last, resolve as (result: unknown) => void);
        child.send({ id: last, call: name, given });
      }),
  };
}

/** Milliseconds from the result of a revocation in one process to the refusal in another one. */
async function measureGap(a: Engine, b: Engine, subject: string): Promise<number> {
  const session = await a.call<{ accessToken: string; sid: string }>('create', { subject });
  expect(await b.call('warm', session)).toEqual({ ok: true });
  const watching = b.call<{ at: string }>('watch', session);
  const revoked = await a.call<{ isRevoked: boolean; at: string }>('revoke', session);
  expect(revoked.isRevoked).toBe(true);
  const refused = await watching;
  return Math.max(0, Number(BigInt(refused.at) - BigInt(revoked.at)) / 1e6);
}

it.each([
  ['without a near cache', false],
  ['from its near cache', true],
])(
  'a process that verifies %s refuses what another one revoked, within milliseconds',
  async (name, nearCache) => {
    const table = `processes_${nearCache}`;
    await migrate(table);
    const [a, b] = [startEngine(table, false), startEngine(table, nearCache)];
    const gaps: number[] = [];
    for (let n = 0; n < SAMPLES; n += 1) gaps.push(await measureGap(a, b, `user ${n}`));
    const sorted = gaps.toSorted((left, right) => left - right);
    const at = (share: number): number => sorted[Math.floor(share * (SAMPLES - 1))] ?? Number.NaN;
    process.stdout.write(
      `postgres, ${name}: from a revocation to its refusal in another process, ${SAMPLES} samples: ` +
        `median ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms\n`,
    );
    // A lost notice would show as the bound of 2.5 seconds or the age of 30.
    expect(at(0.5)).toBeLessThan(1_000);
  },
  180_000,
);

it('lets a process with a near cache end when its engine and its pool are closed', async () => {
  const table = 'processes_end';
  await migrate(table);
  const engine = startEngine(table, true);
  const session = await engine.call('create', { subject: 'ada' });
  await engine.call('warm', session as object);
  const ended = once(engine.child, 'exit');
  void engine.call('end');
  const [code] = await ended;
  expect(code).toBe(0);
}, 60_000);
