import { serverChoices, startSentinelGroup, until } from '@sess/test-servers';
import { Redis } from 'ioredis';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { quiet } from './clients.js';

for (const { title, skip, binary } of serverChoices(inject('servers'))) {
  describe.skipIf(skip)(`a sentinel group, ${title}`, () => {
    test('fails over on request and after a crash, and a client follows', async () => {
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
  });
}
