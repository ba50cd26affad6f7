import { createSessions, type Issued, type Sessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { requireServer, type ServerBinary } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cost, CountedServers } from './counting.js';

const MANY = 10_000;

/** What each call costs, on a deployment that counts commands. */
export function describeRoundTrips(
  name: string,
  open: (binary: ServerBinary) => Promise<CountedServers>,
): void {
  describe(`round trips on ${name}`, () => {
    let servers: CountedServers;
    let sessions: Sessions;
    let issued: Issued;

    const createEngine = (): Sessions =>
      createSessions({ store: redisStore(servers.client), maxPerSubject: MANY + 10 });

    async function expectCommands(count: number, work: () => Promise<unknown>): Promise<Cost> {
      const cost = await servers.costOf(work, count);
      expect(cost.commands).toBe(count);
      // Two witnesses: what the server executed, and what went through the socket.
      if (cost.socket) expect(cost.socket.requests).toBe(count);
      return cost;
    }

    beforeAll(async () => {
      servers = await open(requireServer(inject('servers').redis));
      sessions = createEngine();
      // A server that does not have a script yet costs one more; each node learns each of them once.
      for (let n = 0; n < 24; n += 1) await doEverything(sessions, `warm-up ${n}`);
      // The script by which a primary is proved.
      await createEngine().get('x'.repeat(32));
      issued = await sessions.create({ subject: 'ada' });
    }, 60_000);
    afterAll(() => servers?.close());

    it('creates in one command, after one for the time and one that proves a primary', async () => {
      const fresh = createEngine();
      // A Cluster client is redirected to the primary, so that there is nothing to prove.
      await expectCommands(name === 'a Cluster' ? 2 : 3, () => fresh.create({ subject: 'eve' }));
      await expectCommands(1, () => fresh.create({ subject: 'eve' }));
    });

    it('verifies, gets and lists in one', async () => {
      await expectCommands(1, async () => sessions.verify(issued.accessToken));
      await expectCommands(1, () => sessions.get(issued.session.sid));
      await expectCommands(1, () => sessions.list('ada'));
    });

    it('asks nobody about what is malformed', async () => {
      await expectCommands(0, async () => sessions.verify('sat_nonsense'));
    });

    it('refreshes in two, and settles once a rotation, in the background', async () => {
      let next = issued;
      await expectCommands(2, async () => {
        const answer = await sessions.refresh(issued.refreshToken);
        if (answer.ok) next = answer;
      });
      expect(next).not.toBe(issued);
      // One is the verification; settling reads and writes.
      await expectCommands(3, async () => sessions.verify(next.accessToken));
      await expectCommands(1, async () => sessions.verify(next.accessToken));
      await expectCommands(1, async () => sessions.verify(issued.accessToken));
    });

    it('a page with the session cookie costs one read, a renewal two more, and its acknowledgement two [cookie.round-trips]', async () => {
      const store = redisStore(servers.client);
      const pages = createSessions({ store, renewAfter: '1s', maxPerSubject: MANY + 10 });
      let cookie = (await pages.create({ subject: 'ada' })).refreshToken;
      const show = (canRenew = true) => Promise.resolve(pages.present(cookie, { canRenew }));
      // The store has the time, so this waits for it.
      let cost: Cost | undefined;
      for (let renewed: string | undefined; renewed === undefined; ) {
        if (cost !== undefined) expect(cost.commands).toBe(1);
        await expectCommands(1, () => show(false));
        cost = await servers.costOf(async () => {
          const result = await show();
          renewed = result.ok ? result.renewal?.refreshToken : 'refused';
        });
        cookie = renewed ?? cookie;
      }
      expect(cost?.commands).toBe(3);
      await expectCommands(3, () => show(false));
      await expectCommands(1, () => show(false));
    });

    it('updates and elevates in two', async () => {
      await expectCommands(2, () => sessions.update(issued.session.sid, { theme: 'dark' }));
      await expectCommands(2, () => sessions.elevate(issued.session.sid));
    });

    it('revokes in one', async () => {
      const { session } = await sessions.create({ subject: 'bob' });
      await expectCommands(1, () => sessions.revoke(session.sid));
    });

    it(`revokes all of ${MANY} sessions in one, in under 5 ms of the server`, async () => {
      // One that has nothing to say again: on a busy machine a call may fail, and what was revoked before is repeated then.
      const fresh = createEngine();
      const times: number[] = [];
      // The best of three: the machine may be busy with something else.
      while (times.length < 3 && !times.some((time) => time < 5)) {
        await createMany(fresh, 'carol', MANY);
        const cost = await expectCommands(1, async () => {
          expect(await fresh.revokeAll('carol')).toBe(MANY);
        });
        times.push(cost.usec / 1000);
      }
      console.info(`revoke-all of ${MANY} on ${name}: ${times.join(', ')} ms in the server`);
      expect(Math.min(...times)).toBeLessThan(5);
    }, 120_000);
  });
}

/** Calls everything once, so that the server has every script. */
export async function doEverything(sessions: Sessions, subject: string): Promise<void> {
  const { session, refreshToken } = await sessions.create({ subject });
  await sessions.refresh(refreshToken);
  await sessions.update(session.sid, { n: 1 });
  await sessions.list(subject);
  await sessions.revoke(session.sid);
  await sessions.revokeAll(subject);
}

async function createMany(sessions: Sessions, subject: string, count: number): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await sessions.create({ subject });
    }
  };
  await Promise.all(Array.from({ length: 64 }, lane));
}
