import { setTimeout as sleep } from 'node:timers/promises';
import { createSessions } from '@sess/core';
import { createStatelessSessions, jwt } from '@sess/jwt';
import { redisDenylist, redisStore } from '@sess/redis';
import type { RedisServer } from '@sess/test-servers';
import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { useRedis, useServer } from './denylist/help.js';

const NAMES = { keys: 'a secret of thirty-two bytes or more', issuer: 'https://a', audience: 'a' };

/** One process: it knows nothing of what another one has ended. */
async function openProcess(server: RedisServer) {
  const logger = createMemoryLogger();
  const client = await useRedis(server.url);
  const signed = createSessions({
    logger,
    store: redisStore(client),
    accessToken: jwt({ ...NAMES, revocation: 'denylist', denylist: redisDenylist(client) }),
  });
  const stateless = createStatelessSessions({
    ...NAMES,
    audience: 'b',
    logger,
    denylist: redisDenylist(client, { keyPrefix: 'stateless:' }),
  });
  const close = () => Promise.all([signed.close(), stateless.close()]);
  const warnings = () => logger.lines.filter(({ level }) => level === 'warn');
  return { signed, stateless, close, warnings };
}

/** Saves a snapshot, ends sessions, and starts the server again as after a crash. */
async function crashAfter(config: Readonly<Record<string, string>>) {
  const server = await useServer(config);
  // Starts are known by their second. A server that crashes in the second of its own start is not told apart.
  await sleep(1_000 - (Date.now() % 1_000));
  const before = await openProcess(server);
  const ended = await before.signed.create({ subject: 'ada' });
  const denied = await before.stateless.create({ subject: 'ada' });
  const kept = await before.signed.create({ subject: 'bob' });
  await server.command('SAVE');
  await before.signed.revoke(ended.session.sid);
  await before.stateless.revokeAll('ada');
  await before.close();
  await server.kill();
  await server.restart();
  const after = await openProcess(server);
  return { ended, denied, kept, after };
}

describe('a restart from a snapshot, which lost the newest revocations', () => {
  it('revives no token: a denylist refuses those of the time before', async () => {
    const { after, ended, denied } = await crashAfter({ save: '3600 1' });
    await Promise.all([after.signed.ready(), after.stateless.ready()]);
    expect(await after.signed.verify(ended.accessToken)).toMatchObject({ ok: false });
    expect(await after.stateless.verify(denied.accessToken)).toMatchObject({ ok: false });
  });

  it('is foretold by ready(), which warns of snapshots alone', async () => {
    const { after } = await crashAfter({ save: '3600 1' });
    await Promise.all([after.signed.ready(), after.stateless.ready()]);
    expect(after.warnings().map(({ message }) => message)).toContainEqual(
      expect.stringContaining('snapshots'),
    );
  });

  it('signs users in again afterwards, with tokens that are accepted', async () => {
    const { after } = await crashAfter({ save: '3600 1' });
    const signed = await after.signed.create({ subject: 'ada' });
    const stateless = await after.stateless.create({ subject: 'ada' });
    expect(await after.signed.verify(signed.accessToken)).toMatchObject({ ok: true });
    expect(await after.stateless.verify(stateless.accessToken)).toMatchObject({ ok: true });
  });

  it('loses nothing with an append-only file: the other tokens stay valid', async () => {
    const config = { appendonly: 'yes', appendfsync: 'always', save: '3600 1' };
    const { after, ended, denied, kept } = await crashAfter(config);
    await Promise.all([after.signed.ready(), after.stateless.ready()]);
    expect(await after.signed.verify(ended.accessToken)).toMatchObject({ ok: false });
    expect(await after.stateless.verify(denied.accessToken)).toMatchObject({ ok: false });
    expect(await after.signed.verify(kept.accessToken)).toMatchObject({ ok: true });
    expect(after.warnings()).toEqual([]);
  });
});
