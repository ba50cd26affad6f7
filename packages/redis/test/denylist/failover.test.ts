import { failFast } from '@sess/redis';
import {
  requireServer,
  sleep,
  startRedisCluster,
  startSentinelGroup,
  until,
} from '@sess/test-servers';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { CLUSTER_CLIENTS } from '../clients.js';
import { openDenylist } from './help.js';

const binary = () => requireServer(inject('servers').redis);

test('under Sentinel denials outlive a change of master, with a near cache and without', {
  timeout: 90_000,
}, async () => {
  const group = await startSentinelGroup({ binary: binary() });
  onTestFinished(() => group.stop());
  const connect = async (): Promise<Redis> => {
    const sentinels = group.endpoints.map(({ host, port }) => ({ host, port }));
    const client = new Redis({ ...failFast, sentinels, name: group.name });
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await until(() => client.status === 'ready', { what: 'the client' });
    return client;
  };
  const near = openDenylist(await connect(), { nearCache: true });
  onTestFinished(() => near.denylist.close());
  const writer = await connect();
  const other = openDenylist(writer);

  for (const kind of ['asked', 'crash'] as const) {
    const good = await other.issue('bob');
    const [one, two] = [await other.issue(), await other.issue()];
    await near.cached(two);
    await near.deny(one);
    // A replica that has yet to reach its master is not fit to take its place.
    await group.settled();
    // A head that no replica has is lost, and its tokens are refused for good: that is not what is looked at here.
    await until(async () => (await writer.wait(1, 200)) === 1, { what: 'the replica to have it' });
    const began = performance.now();
    await group.failover(kind);
    await until(() => other.deny(two).then(() => true), { what: 'a denial', timeoutMs: 30_000 });
    console.info(
      `denying again after a failover (${kind}): ${Math.round(performance.now() - began)} ms`,
    );
    await until(() => !near.isKnownGood(two), { what: 'the denial to be known' });
    for (const { isDenied } of [near, other]) {
      await until(() => isDenied(good).then((answer) => !answer), { what: 'the new master' });
      expect(await isDenied(one)).toBe(true);
      expect(await isDenied(two)).toBe(true);
    }
  }
});

test('denials on a Cluster are replayed after a failover without a failed call', {
  timeout: 60_000,
}, async () => {
  const cluster = await startRedisCluster({ binary: binary() });
  onTestFinished(() => cluster.stop());
  for (const [name, open] of Object.entries(CLUSTER_CLIENTS)) {
    const opened = await open(cluster.endpoints);
    onTestFinished(() => opened.close());
    const keyPrefix = `${name.replace(' ', '-')}:`;
    const { denylist, issue, deny, denyAll, isDenied } = openDenylist(opened.client, { keyPrefix });
    onTestFinished(() => denylist.close());

    const [gone, mine, older] = [await issue(), await issue(), await issue()];
    const master = await cluster.masterOf(`${keyPrefix}deny:${gone.sid.slice(0, 16)}`);
    const [replica] = await cluster.replicasOf(master);
    if (replica === undefined) throw new Error('a master without a replica');
    // It may be the master of the last round, which is still catching up; what it does not have, it cannot bring along.
    const tell = async (server: typeof master.server, name: string): Promise<string> => {
      const info = String(await server.command('INFO', 'replication'));
      return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
    };
    const written = Number(await tell(master.server, 'master_repl_offset'));
    const isInSync = async (): Promise<boolean> =>
      (await tell(replica.server, 'master_link_status')) === 'up' &&
      (await tell(replica.server, 'master_port')) === String(master.server.port) &&
      Number(await tell(replica.server, 'slave_repl_offset')) >= written;
    await until(isInSync, { what: 'the replica in sync', timeoutMs: 20_000 });
    // The replica gives a password that its master does not know, and hears of nothing any more.
    await replica.server.command('CONFIG', 'SET', 'masterauth', 'wrong');
    await master.server.command('CLIENT', 'KILL', 'TYPE', 'replica');
    await sleep(50);
    await deny(gone);
    await denyAll('ada', mine.sid);
    await cluster.failover(master, 'takeover');
    await replica.server.command('CONFIG', 'SET', 'masterauth', '');

    for (const token of [gone, older]) {
      const ask = () => isDenied(token).catch(() => undefined);
      await expect.poll(ask, { timeout: 5_000, message: name }).toBe(true);
    }
    expect(await isDenied(mine)).toBe(false);
  }
});
