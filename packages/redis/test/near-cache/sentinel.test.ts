import { failFast } from '@sess/redis';
import { requireServer, startSentinelGroup, until } from '@sess/test-servers';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { BOUND, openStore, SLACK } from './help.js';

test('under Sentinel the channel follows the master', { timeout: 90_000 }, async () => {
  const group = await startSentinelGroup({ binary: requireServer(inject('servers').redis) });
  onTestFinished(() => group.stop());
  const connect = async (): Promise<Redis> => {
    const sentinels = group.endpoints.map(({ host, port }) => ({ host, port }));
    const client = new Redis({ ...failFast, sentinels, name: group.name });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await until(() => client.status === 'ready', { what: 'the client' });
    return client;
  };
  const near = openStore(await connect());
  onTestFinished(near.close);
  const other = openStore(await connect(), { nearCache: false });

  for (const kind of ['asked', 'crash'] as const) {
    const { sid } = await until(() => other.insert('ada'), { what: 'an insert' });
    await near.cached(sid);
    // A replica that has yet to reach its master is not fit to take its place.
    await group.settled();
    const old = await group.currentMaster();
    await group.failover(kind);
    const isRemoved = async (): Promise<boolean> => {
      await other.remove(sid);
      return true;
    };
    await until(isRemoved, { what: 'a revocation', timeoutMs: 30_000 });
    const since = performance.now();
    await until(() => !near.has(sid), { what: 'the removal to be known' });
    expect(performance.now() - since).toBeLessThan(BOUND + SLACK);
    const next = await other.insert('bob');
    await near.cached(next.sid);
    await other.remove(next.sid);
    await until(() => !near.has(next.sid), { what: 'the removal to be heard of' });
    if (kind === 'asked') continue;
    await old.restart();
    await group.settled();
    expect(near.has(sid)).toBe(false);
  }
});
