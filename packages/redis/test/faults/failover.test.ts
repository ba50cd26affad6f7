import type { Issued, Sessions } from '@sess/core';
import { failFast } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  type SentinelGroup,
  startSentinelGroup,
  startTcpProxy,
  until,
} from '@sess/test-servers';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { accepted, attempt, createEngine, type Engine, useRedis, useServer } from './arrange.js';

/** How far a server is in the stream of replication. */
async function offsetOf(server: RedisServer): Promise<string | undefined> {
  const info = String(await server.command('INFO', 'replication'));
  return (/slave_repl_offset:(\d+)/.exec(info) ?? /master_repl_offset:(\d+)/.exec(info))?.[1];
}

describe('a failover under Sentinel', () => {
  let group: SentinelGroup;
  let client: Redis;
  let engine: Engine;
  beforeAll(async () => {
    group = await startSentinelGroup({ binary: requireServer(inject('servers').redis) });
    client = new Redis({ sentinels: [...group.endpoints], name: group.name, ...failFast });
    client.on('error', () => {});
    engine = createEngine(client);
    await until(() => engine.sessions.ready().then(() => true), { what: 'the client' });
  }, 60_000);
  afterAll(async () => {
    client?.disconnect();
    await group?.stop();
  });

  /** The servers apart from the master that runs. */
  function replicaOf(master: RedisServer): RedisServer {
    const found = [group.master, ...group.replicas].find((server) => server !== master);
    if (found === undefined) throw new Error('there is no replica');
    return found;
  }

  /** Waits until the replica has all that its master has. */
  async function caughtUp(master: RedisServer): Promise<void> {
    await until(async () => (await offsetOf(master)) === (await offsetOf(replicaOf(master))), {
      what: 'the replica to catch up',
    });
  }

  function signIn(prefix: string): Promise<Issued[]> {
    const subjects = Array.from({ length: 20 }, (_, n) => `${prefix}-${n}`);
    return Promise.all(subjects.map((subject) => engine.sessions.create({ subject })));
  }

  /** Calls until the new master is there; answers how many were not served. */
  async function verifyUntil(
    sessions: Sessions,
    issued: readonly Issued[],
    done: Promise<unknown>,
  ) {
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    const seen = { served: 0, failed: 0, slowest: 0 };
    while (!isDone) {
      for (const { accessToken, session } of issued) {
        const outcome = await attempt(async () => sessions.verify(accessToken));
        seen[outcome.answered ? 'served' : 'failed'] += 1;
        seen.slowest = Math.max(seen.slowest, outcome.took);
        if (outcome.answered)
          expect(outcome.value).toMatchObject({ ok: true, session: { sid: session.sid } });
      }
    }
    return seen;
  }

  test('that loses nothing lets every session go on [store.failover]', async () => {
    const issued = await signIn('kept');
    const master = await group.currentMaster();
    // Everything is on the replica, so there is nothing to lose.
    await caughtUp(master);
    const seen = await verifyUntil(engine.sessions, issued, group.failover());
    expect(seen.slowest).toBeLessThan(1_500);

    await until(() => engine.sessions.create({ subject: 'kept-0' }), { what: 'the first write' });
    for (const { refreshToken, session } of issued) {
      const next = accepted(await engine.sessions.refresh(refreshToken));
      expect(next.session.sid).toBe(session.sid);
      expect(await engine.sessions.verify(next.accessToken)).toMatchObject({ ok: true });
    }
    expect(engine.heard.filter((name) => name === 'reuse' || name.startsWith('revoked'))).toEqual(
      [],
    );
    await group.settled();
  }, 60_000);

  test('that loses acknowledged writes ends the session as unknown, never as reuse [store.failover, rotation.failover]', async () => {
    const { sessions, heard } = engine;
    const [refreshed, elevated, lagging] = await signIn('lost');
    if (refreshed === undefined || elevated === undefined || lagging === undefined)
      throw new Error('nobody signed in');
    const master = await group.currentMaster();
    const replica = replicaOf(master);
    await caughtUp(master);

    // The replica hears of nothing from here on.
    await replica.pause();
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
    const newest = accepted(await sessions.refresh(refreshed.refreshToken));
    expect(await sessions.verify(newest.accessToken)).toMatchObject({ ok: true });
    const renewed = await sessions.elevate(elevated.session.sid);
    const stranger = await sessions.create({ subject: 'lost-stranger' });
    // Its answer never arrived: the client goes on with what it had.
    accepted(await sessions.refresh(lagging.refreshToken));
    const failover = group.failover('crash');
    await until(() => !master.running, { what: 'the crash' });
    replica.resume();
    expect(await failover).toBe(replica);
    await until(() => sessions.create({ subject: 'first' }), { what: 'the first write' });

    const before = heard.length;
    expect(await sessions.verify(newest.accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await sessions.refresh(newest.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(heard.slice(before)).toEqual([
      'rejected',
      'reuse or lost-writes',
      'revoked:lost-writes',
      'rejected',
    ]);
    // Told once, whoever comes again.
    expect(await sessions.refresh(newest.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await sessions.refresh(renewed?.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await sessions.refresh(stranger.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    const again = accepted(await sessions.refresh(lagging.refreshToken));
    expect(await sessions.verify(again.accessToken)).toMatchObject({ ok: true });
    expect(heard).not.toContain('reuse');
    expect(heard.filter((name) => name === 'revoked:lost-writes')).toHaveLength(1);
  }, 60_000);
});

describe('a master that has become a replica while clients are connected', () => {
  test('a command to a former master is retried once, or throws a clear error without READONLY [store.read-only]', async () => {
    const server = await useServer(onTestFinished);
    const other = await useServer(onTestFinished);
    const { sessions, heard } = createEngine(useRedis(onTestFinished, server.url));
    await sessions.ready();
    const { session, refreshToken } = await sessions.create({ subject: 'ada' });
    await server.command('REPLICAOF', other.host, other.port);
    await until(
      async () => String(await server.command('INFO', 'replication')).includes('link_status:up'),
      { what: 'the replica link' },
    );
    // What it had is gone with the synchronisation: that, too, is unknown and no theft.
    expect(await attempt(() => sessions.refresh(refreshToken))).toMatchObject({
      answered: true,
      value: { ok: false, reason: 'unknown' },
    });
    const refused = await attempt(() => sessions.create({ subject: 'ada' }));
    expect(refused.answered).toBe(false);
    expect(refused.took).toBeLessThan(1_500);

    expect(String(await server.command('INFO', 'errorstats'))).toContain('errorstat_READONLY');

    await server.command('REPLICAOF', 'NO', 'ONE');
    await until(() => sessions.create({ subject: 'ada' }), { what: 'the client to come back' });
    expect(await sessions.revoke(session.sid)).toBe(false);
    expect(heard).not.toContain('reuse');
  }, 30_000);

  test('and is the master again gets the same call once more [store.read-only]', async () => {
    const server = await useServer(onTestFinished);
    const other = await useServer(onTestFinished);
    const proxy = await startTcpProxy({ target: server });
    onTestFinished(() => proxy.close());
    const client = useRedis(onTestFinished, proxy.url, { maxRetriesPerRequest: 0 });
    const { sessions } = createEngine(client, { store: { timeout: '10s' } });
    await sessions.ready();
    await sessions.create({ subject: 'ada' });
    await server.command('REPLICAOF', other.host, other.port);
    // By the time at which the client hears of it, it is true no more.
    proxy.delay(200);
    const create = sessions.create({ subject: 'ada' });
    await until(
      async () => String(await server.command('INFO', 'errorstats')).includes('READONLY'),
      { what: 'the refusal' },
    );
    await server.command('REPLICAOF', 'NO', 'ONE');
    expect(await sessions.verify((await create).accessToken)).toMatchObject({ ok: true });
  });
});
