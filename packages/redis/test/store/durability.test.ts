import { createSessions, UsageError } from '@sess/core';
import { failFast, redisStore } from '@sess/redis';
import { requireServer, startRedisServer, startSentinelGroup } from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { describe, expect, inject, it, onTestFinished } from 'vitest';

function open(url: string): Redis {
  const client = new Redis(url, failFast);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

async function arrange(url: string, timeout: number) {
  const store = redisStore(open(url), { durability: { replicas: 1, timeout } });
  const sessions = createSessions({ store, logger: silentLogger });
  onTestFinished(() => sessions.close());
  const unconfirmed: string[] = [];
  sessions.on('unconfirmed', ({ operation }) => void unconfirmed.push(operation));
  await sessions.ready();
  return { sessions, unconfirmed };
}

describe('durability', () => {
  it('durable writes log nothing while a replica confirms rotations and revocations', async () => {
    const group = await startSentinelGroup({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => group.stop());
    const { sessions, unconfirmed } = await arrange(group.master.url, 0.9);
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
    expect(await sessions.revoke(issued.session.sid)).toBe(true);
    expect(unconfirmed).toEqual([]);

    // The second witness: a revocation that was confirmed is on the replica already.
    const replica = new Redis(group.replicas[0]?.url ?? '');
    onTestFinished(() => replica.disconnect());
    const [key = ''] = await replica.keys('sess:*');
    expect(Object.keys(await replica.hgetall(key))).not.toContain(issued.session.sid.slice(16));
  });

  it('an unconfirmed durable write succeeds, and is reported as unconfirmed', async () => {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => server.stop());
    const { sessions, unconfirmed } = await arrange(server.url, 0.2);
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
    expect(await sessions.revoke(issued.session.sid)).toBe(true);
    expect(unconfirmed).toEqual(['replaceAuth', 'remove']);
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: false });
  });

  it('a burst of durable writes is not refused while no replica responds: they share their waits', async () => {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => server.stop());
    const { sessions, unconfirmed } = await arrange(server.url, 0.1);
    const issued = await Promise.all(
      Array.from({ length: 60 }, (_, n) => sessions.create({ subject: `user-${n}` })),
    );
    const ended = await Promise.all(issued.map(({ session }) => sessions.revoke(session.sid)));
    expect(ended.every(Boolean)).toBe(true);
    expect(unconfirmed).toHaveLength(60);
  });

  it('holds up only the writes that wait, not the reads beside them', async () => {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    onTestFinished(() => server.stop());
    const { sessions } = await arrange(server.url, 0.2);
    const [one, two] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'bob' }),
    ];
    const began = performance.now();
    let isWaiting = true;
    const slow = sessions.refresh(one.refreshToken).finally(() => {
      isWaiting = false;
    });
    expect(await sessions.verify(two.accessToken)).toMatchObject({ ok: true });
    expect(isWaiting).toBe(true);
    expect(await slow).toMatchObject({ ok: true });
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  it.each([
    { replicas: 0 },
    { replicas: 1.5 },
    { replicas: 1, timeout: '2s' as const },
    { replicas: 1, timeout: null as never },
  ])('durability refuses %j, and the message gives the repair', (durability) => {
    const client = new Redis({ lazyConnect: true });
    expect(() => redisStore(client, { durability })).toThrow(UsageError);
    expect(() => redisStore(client, { durability })).toThrow(/durability\.(replicas|timeout)/);
  });
});
