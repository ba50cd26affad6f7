import { createSessions, type Sessions } from '@sess/core';
import { failFast, redisStore } from '@sess/redis';
import { ask, type RedisServer, requireServer, startRedisServer } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';

/**
 * A failover as the store sees it: every key is put back to what it was at an earlier moment, as on a
 * replica that had not heard of the writes since, and all connections break.
 */
async function fallBack(server: RedisServer, dump: ReadonlyMap<string, Buffer>): Promise<void> {
  const raw = new Redis(server.url);
  await raw.flushall();
  for (const [key, value] of dump) await raw.restore(key, 0, value);
  for (const key of dump.keys()) await raw.pexpire(key, 3_600_000);
  raw.disconnect();
  await ask(server, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

async function takeDump(server: RedisServer): Promise<ReadonlyMap<string, Buffer>> {
  const raw = new Redis(server.url);
  const dump = new Map<string, Buffer>();
  for (const key of await raw.keys('*')) dump.set(key, (await raw.dumpBuffer(key)) as Buffer);
  raw.disconnect();
  return dump;
}

describe('after a failover that lost writes', () => {
  let server: RedisServer;
  let sessions: Sessions;
  let logger: ReturnType<typeof createMemoryLogger>;

  beforeEach(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    const client = new Redis(server.url, failFast);
    client.on('error', () => {});
    logger = createMemoryLogger();
    sessions = createSessions({ store: redisStore(client), logger });
    await sessions.ready();
    onTestFinished(async () => {
      await sessions.close();
      client.disconnect();
      await server.stop();
    });
  });

  const isRefused = (token: string) => async () => {
    const result = await Promise.resolve(sessions.verify(token)).catch(() => undefined);
    return result?.ok === false;
  };

  it('ends again what it had ended, by itself, as soon as it is connected', async () => {
    const gone = await sessions.create({ subject: 'ada' });
    const other = await sessions.create({ subject: 'bob' });
    const dump = await takeDump(server);
    await sessions.revoke(gone.session.sid);
    await fallBack(server, dump);
    await expect.poll(isRefused(gone.accessToken), { timeout: 5_000 }).toBe(true);
    expect(await sessions.verify(other.accessToken)).toMatchObject({ ok: true });
    await expect
      .poll(() => logger.lines.filter(({ message }) => /revived/.test(message)).length)
      .toBe(1);
  });

  it('ends everyone again whom a revoke-all had ended, and spares who signed in after it', async () => {
    const gone = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'ada' }),
    ];
    const dump = await takeDump(server);
    await sessions.revokeAll('ada');
    const after = await sessions.create({ subject: 'ada' });
    const withAfter = await takeDump(server);
    expect(withAfter.size).toBe(1);
    // The replica had heard of the new sign-in, say, by a later write; put both into one hash.
    const raw = new Redis(server.url);
    const key = [...dump.keys()][0] ?? '';
    const field = after.session.sid.slice(16);
    const value = (await raw.hget(key, field)) ?? '';
    await fallBack(server, dump);
    await raw.hset(key, field, value);
    raw.disconnect();
    for (const { accessToken } of gone)
      await expect.poll(isRefused(accessToken), { timeout: 5_000 }).toBe(true);
    expect(await sessions.verify(after.accessToken)).toMatchObject({ ok: true });
  });

  it('does not say again what is older than a minute of the server', async () => {
    const { session, accessToken } = await sessions.create({ subject: 'ada' });
    await sessions.revoke(session.sid);
    // Nothing to fall back to: the reconnect alone must do no harm.
    await fallBack(server, new Map());
    await expect.poll(isRefused(accessToken), { timeout: 5_000 }).toBe(true);
    expect(logger.lines.filter(({ message }) => /revived/.test(message))).toEqual([]);
  });
});
