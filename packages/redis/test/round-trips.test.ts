import { createSessions, type Issued, type Sessions } from '@sess/core';
import { redisStore } from '@sess/redis';
import { requireServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  type Cost,
  type CountedServers,
  openCountedCluster,
  openCountedServer,
} from './counting.js';

const MANY = 10_000;
const DEPLOYMENTS = { 'a single server': openCountedServer, 'a Cluster': openCountedCluster };

for (const [name, open] of Object.entries(DEPLOYMENTS)) {
  describe(`round trips on ${name}`, () => {
    let servers: CountedServers;
    let sessions: Sessions;
    let issued: Issued;

    const createEngine = (): Sessions =>
      createSessions({ store: redisStore(servers.client), maxPerSubject: MANY + 10 });

    async function expectCommands(count: number, work: () => Promise<unknown>): Promise<Cost> {
      const cost = await servers.costOf(work);
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
      issued = await sessions.create({ subject: 'ada' });
    }, 60_000);
    afterAll(() => servers?.close());

    it('creates in one, and in two when the process does not know the time yet', async () => {
      const fresh = createEngine();
      await expectCommands(2, () => fresh.create({ subject: 'eve' }));
      await expectCommands(1, () => fresh.create({ subject: 'eve' }));
    });

    it('verifies, gets and lists in one', async () => {
      await expectCommands(1, () => sessions.verify(issued.accessToken));
      await expectCommands(1, () => sessions.get(issued.session.sid));
      await expectCommands(1, () => sessions.list('ada'));
    });

    it('asks nobody about what is malformed', async () => {
      await expectCommands(0, () => sessions.verify('sat_nonsense'));
    });

    it('refreshes in two, and settles once a rotation, in the background', async () => {
      let next = issued;
      await expectCommands(2, async () => {
        const answer = await sessions.refresh(issued.refreshToken);
        if (answer.ok) next = answer;
      });
      expect(next).not.toBe(issued);
      // One is the verification; settling reads and writes.
      await expectCommands(3, () => sessions.verify(next.accessToken));
      await expectCommands(1, () => sessions.verify(next.accessToken));
      await expectCommands(1, () => sessions.verify(issued.accessToken));
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

describe('sharing round trips on a single server', () => {
  let servers: CountedServers;
  beforeAll(async () => {
    servers = await openCountedServer(requireServer(inject('servers').redis));
    await doEverything(createSessions({ store: redisStore(servers.client) }), 'warm-up');
  });
  afterAll(() => servers?.close());

  it('sends 64 verifications of one tick as at most two commands', async () => {
    const sessions = createSessions({ store: redisStore(servers.client) });
    const issued = await Promise.all(
      Array.from({ length: 64 }, (_, n) => sessions.create({ subject: `user ${n}` })),
    );
    const cost = await servers.costOf(async () => {
      const answers = await Promise.all(
        issued.map(({ accessToken }) => sessions.verify(accessToken)),
      );
      expect(answers.map((answer) => answer.ok && answer.session.sid)).toEqual(
        issued.map(({ session }) => session.sid),
      );
    });
    expect(cost.commands).toBeLessThanOrEqual(2);
    expect(cost.socket?.requests).toBeLessThanOrEqual(2);
    expect(cost.socket?.roundTrips).toBe(1);
  });

  it("lets two processes refresh with one token: two round trips each, the loser's too", async () => {
    const racers = [await servers.connect(), await servers.connect()];
    const engines = racers.map(({ client }) => createSessions({ store: redisStore(client) }));
    for (const engine of engines) await engine.get('x'.repeat(32));
    const [first] = engines;
    const issued = await first?.create({ subject: 'dora' });

    // So slow that both have read before one has written.
    for (const racer of racers) racer.delay(50);
    const before = racers.map((racer) => racer.requests());
    const answers = await Promise.all(
      engines.map((engine) => engine.refresh(issued?.refreshToken)),
    );
    const [one, other] = answers;
    expect(one?.ok && other?.ok && one.refreshToken === other.refreshToken).toBe(true);
    const costs = racers.map((racer, n) => racer.requests() - (before[n] ?? 0));
    console.info(`two racers refreshed in ${costs.join(' and ')} round trips`);
    expect(Math.min(...costs)).toBe(2);
    expect(Math.max(...costs)).toBeLessThanOrEqual(2);
  });
});

async function doEverything(sessions: Sessions, subject: string): Promise<void> {
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
