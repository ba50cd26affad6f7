import { redisDenylist } from '@sess/redis';
import { requireServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CountedServers, openCountedCluster, openCountedServer } from '../counting.js';
import { ADA, createName, LIFE, type OpenDenylist, openDenylist } from './help.js';

const DEPLOYMENTS = { 'a single server': openCountedServer, 'a Cluster': openCountedCluster };

for (const [name, open] of Object.entries(DEPLOYMENTS)) {
  describe(`round trips of a denylist on ${name}`, () => {
    let servers: CountedServers;
    let opened: OpenDenylist;

    async function expectCommands(count: number, work: () => Promise<unknown>): Promise<void> {
      const { commands, socket } = await servers.costOf(work);
      expect(commands).toBe(count);
      // Two witnesses: what the server executed, and what went through the socket.
      if (socket) expect(socket).toMatchObject({ requests: count, roundTrips: count });
    }

    async function doEverything(subject: string): Promise<void> {
      const token = await opened.issue(subject);
      await opened.deny(token);
      await opened.denyAll(subject);
      const given = { at: Date.now(), successor: createName(), ttlMs: LIFE };
      await opened.denylist.supersede(await opened.issue(subject), given);
    }

    beforeAll(async () => {
      servers = await open(requireServer(inject('servers').redis));
      opened = openDenylist(servers.client);
      // A server that does not have a script yet costs one more; each node learns each of them once.
      for (let n = 0; n < 24; n += 1) await doEverything(`warm-up ${n}`);
    }, 60_000);
    afterAll(() => servers?.close());

    it('are one for each call there is', async () => {
      const { denylist, isDenied } = opened;
      const token = await opened.issue();
      await expectCommands(1, () => denylist.currentVersion(ADA, LIFE));
      await expectCommands(1, () => isDenied(token));
      await expectCommands(1, () => opened.deny(token));
      await expectCommands(1, () => isDenied(token));
      const many = Array.from(
        { length: 100 },
        () => ({ kind: 'token', id: createName() }) as const,
      );
      await expectCommands(1, () => denylist.deny(ADA, many, LIFE));
      const next = await opened.issue();
      const given = { at: Date.now(), successor: createName(), ttlMs: LIFE };
      await expectCommands(1, () => denylist.supersede(next, given));
      await expectCommands(1, () => opened.denyAll('ada', next.sid));
      await expectCommands(1, () => opened.denyAll());
    });

    it('a denylist sends no command where there is nothing to look up', async () => {
      const { denylist } = opened;
      await expectCommands(0, () => denylist.deny(ADA, [], LIFE));
      await expectCommands(0, () => opened.isDenied({ sid: 'x', jti: 'x', version: 1 }));
    });
  });
}

describe('round trips of a denylist with a near cache', () => {
  it('a denylist with a near cache sends no command for a known valid token, and one for an unknown subject', async () => {
    const servers = await openCountedServer(requireServer(inject('servers').redis));
    try {
      const { denylist, issue, cached, isDenied, isKnownGood } = openDenylist(servers.client, {
        nearCache: true,
      });
      const plain = redisDenylist(servers.client);
      const token = await issue();
      const other = await issue('ada');
      await cached(token);
      expect(isKnownGood(other)).toBe(true);
      const stranger = await issue('bob');
      // Heart-beats are a SET a second, which a script is not.
      const { commands } = await servers.costOf(async () => {
        expect(denylist.isKnownValid?.(other, Date.now())).toBe(true);
        await isDenied(stranger);
      });
      expect(commands).toBeLessThanOrEqual(2);
      expect(isKnownGood(stranger)).toBe(true);
      await plain.close();
      await denylist.close();
    } finally {
      await servers.close();
    }
  });
});
