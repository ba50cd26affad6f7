import { StoreUnavailableError, UsageError } from '@sess/core';
import { failFast, redisDenylist } from '@sess/redis';
import { requireServer, startRedisCluster, until } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import { CLUSTER_CLIENTS } from '../clients.js';
import { ADA, LIFE, openDenylist, useRedis, useServer } from './help.js';

const EVICTING = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
];

describe('a server that evicts keys', () => {
  test('is refused at start, under every such policy, with the cure [jwt.evicting]', async () => {
    const server = await useServer();
    for (const policy of EVICTING) {
      await server.command('CONFIG', 'SET', 'maxmemory-policy', policy);
      const { denylist, issue } = openDenylist(await useRedis(server.url));
      const refusal = await denylist.ready().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(UsageError);
      expect(refusal).toMatchObject({ code: 'invalid_option' });
      expect(String(refusal)).toMatch(`got ${policy}`);
      expect(String(refusal)).toMatch('maxmemory-policy noeviction');
      // Nobody has to have asked whether it is ready.
      await expect(issue()).rejects.toThrow(StoreUnavailableError);
      await expect(denylist.isDenied({ sid: ADA + ADA, jti: 'x', version: 1 }, 1)).rejects.toThrow(
        policy,
      );
      await expect(denylist.deny(ADA, [{ kind: 'token', id: 'x' }], LIFE)).rejects.toThrow(policy);
    }
    expect(await server.command('DBSIZE')).toBe(0);
  });

  test('is good as soon as it has been set right', async () => {
    const server = await useServer({ 'maxmemory-policy': 'volatile-ttl' });
    const { denylist, issue, isDenied } = openDenylist(await useRedis(server.url));
    await expect(denylist.ready()).rejects.toThrow(UsageError);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await denylist.ready();
    expect(await isDenied(await issue())).toBe(false);
  });

  test('is found out after a reconnect, too', async () => {
    const server = await useServer();
    const { denylist, issue } = openDenylist(await useRedis(server.url));
    await denylist.ready();
    await issue();
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(
      () =>
        issue().then(
          () => false,
          (error: unknown) => String(error).includes('allkeys-lru'),
        ),
      { what: 'the policy to be noticed' },
    );
  });

  test('is asked once by all that wait, and then no more', async () => {
    const server = await useServer();
    const client = await useRedis(server.url);
    const { issue } = openDenylist(client);
    const asked = async () =>
      Number(/cmdstat_info:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0);
    const before = await asked();
    await Promise.all(Array.from({ length: 20 }, () => issue()));
    await issue();
    expect((await asked()) - before).toBe(2);
  });

  test('an unknown eviction policy, because the user may not read it, is logged once, and the denylist works', async () => {
    const server = await useServer({ 'maxmemory-policy': 'allkeys-lru' });
    await server.command('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', '-info');
    const options = { ...failFast, username: 'app', password: 'pw', enableReadyCheck: false };
    const logger = createMemoryLogger();
    const { denylist, issue, isDenied } = openDenylist(
      await useRedis(server.url, options),
      {},
      logger,
    );
    await denylist.ready();
    expect(await isDenied(await issue())).toBe(false);
    await denylist.ready();
    const warnings = logger.lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/is unknown.*noeviction/),
    ]);
  });

  test('is not looked for on a node that is silent: calls for the others go on', {
    timeout: 60_000,
  }, async () => {
    const cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => cluster.stop());
    const opened = await CLUSTER_CLIENTS['ioredis 6']?.(cluster.endpoints);
    if (opened === undefined) throw new Error('no client');
    onTestFinished(opened.close);
    const { issue, isDenied } = openDenylist(opened.client, { timeout: '4s' });
    const away = await cluster.masterOf(`sess:deny:${tagFor('ada')}`);
    let subject = 0;
    while ((await cluster.masterOf(`sess:deny:${tagFor(`user ${subject}`)}`)).id === away.id)
      subject += 1;
    await away.server.pause();
    const began = performance.now();
    expect(await isDenied(await issue(`user ${subject}`))).toBe(false);
    // Half of the timeout, and what a busy machine needs.
    expect(performance.now() - began).toBeLessThan(3_900);
    away.server.resume();
  });

  test('is found among the masters of a Cluster, whichever it is', {
    timeout: 60_000,
  }, async () => {
    const cluster = await startRedisCluster({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => cluster.stop());
    const set = (server: (typeof cluster.nodes)[number]['server'], policy: string) =>
      server.command('CONFIG', 'SET', 'maxmemory-policy', policy);
    const masters = [];
    for (const { server } of cluster.nodes) {
      const role = await server.command('ROLE');
      if (Array.isArray(role) && String(role[0]) === 'master') masters.push(server);
    }
    expect(masters).toHaveLength(3);
    for (const [name, open] of Object.entries(CLUSTER_CLIENTS)) {
      for (const master of masters) {
        await set(master, 'allkeys-lfu');
        const opened = await open(cluster.endpoints);
        await expect(redisDenylist(opened.client).ready(), name).rejects.toThrow('allkeys-lfu');
        await set(master, 'noeviction');
        await redisDenylist(opened.client).ready();
        await opened.close();
      }
    }
  });
});
