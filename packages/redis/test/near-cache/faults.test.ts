import { failFast } from '@sess/redis';
import { requireServer, sleep, startRedisServer, until } from '@sess/test-servers';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { BOUND, openStore } from './help.js';

test('serves from memory for the bound and no longer if the server stands still, and forgets all if it restarts', {
  timeout: 60_000,
}, async () => {
  const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  onTestFinished(() => server.stop());
  const connect = async (): Promise<Redis> => {
    const client = new Redis({ ...failFast, port: server.port });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await until(() => client.status === 'ready', { what: 'the client' });
    return client;
  };
  const near = openStore(await connect());
  onTestFinished(near.close);
  const other = openStore(await connect(), { nearCache: false });
  const { sid } = await other.insert('ada');
  await near.cached(sid);
  await server.pause();
  const since = performance.now();
  let last = 0;
  for (let elapsed = 0; elapsed < BOUND + 1_000; elapsed = performance.now() - since) {
    if (near.has(sid)) last = elapsed;
    await sleep(5);
  }
  expect(last).toBeLessThan(BOUND);
  server.resume();
  await near.cached(sid);
  await server.restart();
  await until(() => !near.has(sid), { what: 'the restart to be seen' });
  const { sid: next } = await until(() => other.insert('ada'), { what: 'the server' });
  await near.cached(next);
});
