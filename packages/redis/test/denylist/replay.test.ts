import { createMemoryLogger } from '@sess/testkit';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ADA, createName, LIFE, openDenylist, useRedis, useServer } from './help.js';

/**
 * A failover as a denylist sees it: the subject is put back to what it was at an earlier moment, as on a replica
 * that had not heard of the writes since, and all connections break.
 */
async function fallBack(raw: Redis, dump: Buffer): Promise<void> {
  const key = `sess:deny:${ADA}`;
  await raw.restore(key, LIFE, dump, 'REPLACE');
  await raw.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
}

async function arrange() {
  const server = await useServer();
  const raw = await useRedis(server.url);
  const logger = createMemoryLogger();
  const opened = openDenylist(await useRedis(server.url), {}, logger);
  onTestFinished(() => opened.denylist.close());
  const dump = async () => (await raw.dumpBuffer(`sess:deny:${ADA}`)) as Buffer;
  const warnings = () => logger.lines.filter(({ message }) => /lost denials/.test(message));
  // Asked of another client: no call of its own is needed for it to say them again.
  const witness = openDenylist(await useRedis(server.url));
  const isDenied: typeof witness.isDenied = (token) => witness.isDenied(token).catch(() => false);
  return { ...opened, isDenied, raw, dump, warnings };
}

const SOON = { timeout: 5_000 };

describe('after a failover that lost denials', { timeout: 20_000 }, () => {
  test('lost denials are replayed without a call, as soon as the connection is back', async () => {
    const { denylist, issue, deny, isDenied, raw, dump, warnings } = await arrange();
    const [byName, bySession, spent, good] = [
      await issue(),
      await issue(),
      await issue(),
      await issue(),
    ];
    const before = await dump();
    await deny(byName);
    await denylist.deny(ADA, [{ kind: 'session', id: bySession.sid }], LIFE);
    const given = { at: Date.now(), successor: 'first', ttlMs: LIFE };
    await denylist.supersede(spent, given);
    await fallBack(raw, before);
    for (const token of [byName, bySession, spent]) {
      await expect.poll(() => isDenied(token), SOON).toBe(true);
    }
    expect(await isDenied(good)).toBe(false);
    await expect.poll(() => warnings().length, SOON).toBe(1);
    expect(warnings()[0]?.fields).toEqual({ restored: 2 });
    expect(await denylist.supersede(spent, { ...given, successor: 'second' })).toMatchObject({
      successor: 'first',
    });
  });

  test('a lost denyAll is replayed with its version: earlier tokens are denied, later ones are valid', async () => {
    const { issue, denyAll, isDenied, raw, dump } = await arrange();
    const [gone, mine] = [await issue(), await issue()];
    const before = await dump();
    await denyAll('ada', mine.sid);
    const after = await issue();
    await fallBack(raw, before);
    await expect.poll(() => isDenied(gone), SOON).toBe(true);
    expect(await isDenied(mine)).toBe(false);
    expect(await isDenied(after)).toBe(false);
  });

  test('a replayed denyAll denies sessions that another denyAll has spared since', async () => {
    const { denylist, issue, denyAll, isDenied, raw, dump } = await arrange();
    const [gone, other] = [await issue(), await issue()];
    const before = await dump();
    await denyAll();
    const key = `sess:deny:${ADA}`;
    // What another process did on the new master before this one is back.
    await raw.restore(key, LIFE, before, 'REPLACE');
    const stranger = openDenylist(raw);
    await stranger.denyAll('ada', gone.sid);
    expect(await isDenied(gone)).toBe(false);
    await fallBack(raw, await dump());
    await expect.poll(() => isDenied(gone), SOON).toBe(true);
    expect(await isDenied(other)).toBe(true);
    expect(await denylist.currentVersion(ADA, LIFE)).toBeGreaterThan(gone.version);
  });

  test('changes nothing where nothing was lost, however often the connection breaks', async () => {
    const { denylist, issue, deny, denyAll, isDenied, raw, dump, warnings } = await arrange();
    const early = await issue();
    await deny(early);
    await denyAll();
    const [one, mine] = [await issue(), await issue()];
    await deny(one);
    const spent = await issue('ada', mine.sid);
    await denylist.supersede(spent, { at: Date.now(), successor: createName(), ttlMs: LIFE });
    for (let n = 0; n < 5; n += 1) await denyAll('ada', mine.sid);
    const fields = () => raw.hgetall(`sess:deny:${ADA}`);
    const before = await fields();
    const said = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0);
    for (let n = 0; n < 3; n += 1) {
      const count = await said();
      await fallBack(raw, await dump());
      await expect.poll(said, SOON).toBeGreaterThanOrEqual(count + 3);
    }
    const after = await fields();
    const timeless = (values: Readonly<Record<string, string>>) =>
      Object.entries(values).map(([field, value]) => [field, value.replace(/\|\d{13}\|/, '||')]);
    expect(timeless(after)).toEqual(timeless(before));
    expect(after['h']).toBe(before['h']);
    expect(warnings()).toEqual([]);
    expect(await isDenied(mine)).toBe(false);
  });
});
