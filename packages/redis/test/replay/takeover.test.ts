import { createSessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { requireServer, sleep, startRedisCluster } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { expect, inject, it, onTestFinished } from 'vitest';
import { CLUSTER_CLIENTS } from '../clients.js';

it('a process replays its revocations after a failover without a failed call', async () => {
  const cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
  onTestFinished(() => cluster.stop());
  for (const [name, open] of Object.entries(CLUSTER_CLIENTS)) {
    const opened = await open(cluster.endpoints);
    onTestFinished(() => opened.close());
    const keyPrefix = `${name.replace(' ', '-')}:`;
    const store = redisStore(opened.client, { keyPrefix });
    const sessions = createSessions({ store, logger: silentLogger });
    onTestFinished(() => sessions.close());

    const { session, accessToken } = await sessions.create({ subject: 'ada' });
    const master = await cluster.masterOf(keyPrefix + session.sid.slice(0, 16));
    const [replica] = await cluster.replicasOf(master);
    if (replica === undefined) throw new Error('a master without a replica');
    // The replica gives a password that its master does not know, and hears of nothing any more.
    await replica.server.command('CONFIG', 'SET', 'masterauth', 'wrong');
    await master.server.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await sleep(50);
    expect(await sessions.revoke(session.sid)).toBe(true);
    await cluster.failover(master, 'takeover');
    await replica.server.command('CONFIG', 'SET', 'masterauth', '');

    const isRefused = async (): Promise<boolean> => !(await sessions.verify(accessToken)).ok;
    await expect.poll(isRefused, { timeout: 3_000, message: name }).toBe(true);
  }
}, 60_000);
