import {
  serverChoices,
  sleep,
  startRedisCluster,
  startSentinelGroup,
  until,
} from '@sess/test-servers';
import { Cluster, Redis } from 'ioredis';
import { describe, inject, test } from 'vitest';
import { quiet } from './clients.js';

const KEYS = Array.from({ length: 300 }, (_, index) => `{tag}${index}`);

// Servers that wait until they may call each other dead need time and no processor, so they all do it
// at once.
for (const { title, skip, binary } of serverChoices(inject('servers'))) {
  describe.skipIf(skip).concurrent(title, () => {
    test('a cluster holds a slot on the move, and survives every kind of failover', async ({
      expect,
      onTestFinished,
    }) => {
      const cluster = await startRedisCluster({ binary: binary() });
      onTestFinished(() => cluster.stop());
      const client = quiet(
        new Cluster([...cluster.endpoints], {
          redisOptions: { maxRetriesPerRequest: 0 },
          retryDelayOnFailover: 0,
          scaleReads: 'master',
        }),
      );
      onTestFinished(() => client.disconnect());

      const slot = await cluster.slotOf('{tag}');
      const from = await cluster.masterOf('{tag}');
      const to = (await cluster.masters()).find((node) => node !== from);
      if (to === undefined) throw new Error('only one master');
      for (const key of KEYS) await client.set(key, `value of ${key}`);
      const move = await cluster.moveSlot({ slot, to });
      expect(await move.migrateKeys(150)).toBe(150);
      // Half of the keys are here, half are there: a client finds them all, and new ones are born
      // at the new owner.
      for (const key of KEYS) expect(await client.get(key)).toBe(`value of ${key}`);
      await client.set('{tag}new', 'x');
      await expect(from.server.command('MGET', ...KEYS)).rejects.toThrow(/^TRYAGAIN/);
      await expect(client.mget(...KEYS)).rejects.toThrow();
      expect(await cluster.masterOfSlot(slot)).toBe(from);
      await move.finish();
      expect(await cluster.masterOfSlot(slot)).toBe(to);
      await cluster.settled();
      expect(await client.get('{tag}new')).toBe('x');

      const heir = await cluster.failover(to, 'crash');
      expect(await cluster.masterOf('{tag}')).toBe(heir);
      await to.server.restart();
      await cluster.settled();
      expect(await cluster.replicasOf(heir)).toEqual([to]);
      let current = heir;
      for (const kind of ['graceful', 'takeover'] as const) {
        const old = current;
        current = await cluster.failover(old, kind);
        expect(current).not.toBe(old);
      }
      expect((await cluster.masters()).length).toBe(3);
      await until(async () => (await client.get('{tag}new')) === 'x', {
        what: 'the client to follow',
      });
    }, 60_000);

    test('sentinels fail over on request and after a crash, and a client follows', async ({
      expect,
      onTestFinished,
    }) => {
      const group = await startSentinelGroup({ binary: binary() });
      onTestFinished(() => group.stop());
      const client = quiet(
        new Redis({
          sentinels: [...group.endpoints],
          name: group.name,
          maxRetriesPerRequest: 0,
          sentinelRetryStrategy: () => 50,
          retryStrategy: () => 50,
        }),
      );
      onTestFinished(() => client.disconnect());

      await until(() => client.set('a', '1'), { what: 'the first write' });
      const asked = await group.failover();
      expect(asked).not.toBe(group.master);
      await group.settled();
      const crashed = group.failover('crash');
      await until(() => !asked.running, { what: 'the crash' });
      await until(() => client.set('a', '2'), { what: 'the next write', timeoutMs: 20_000 });
      expect(await crashed).toBe(group.master);
      expect(await group.currentMaster()).toBe(group.master);
      await asked.restart();
      await group.settled();
    }, 60_000);

    test('sentinels that were held up for 3 seconds do not wait half a minute to fail over', async ({
      expect,
      onTestFinished,
    }) => {
      const group = await startSentinelGroup({ binary: binary() });
      onTestFinished(() => group.stop());
      for (const sentinel of group.sentinels) await sentinel.pause();
      await sleep(3_000);
      for (const sentinel of group.sentinels) sentinel.resume();
      expect(await group.failover('crash')).not.toBe(group.master);
    }, 60_000);
  });
}
