import type { Issued, RefreshResult } from '@sess/core';
import {
  openStandalone,
  requireServer,
  type StandaloneServer,
  sleep,
  startRedisServer,
  until,
} from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AppProcess, startAppProcess } from './processes/app-process.js';

const servers = inject('servers');
// The server may be shared with earlier runs.
const run = `${process.pid}-${Date.now()}`;

describe('two processes on one Redis behave as one', () => {
  let server: StandaloneServer;
  let a: AppProcess;
  let b: AppProcess;
  beforeAll(async () => {
    server = await openStandalone(servers);
    const options = { maxPerSubject: 3, onLimit: 'reject' } as const;
    [a, b] = await Promise.all([
      startAppProcess(server.url, options),
      startAppProcess(server.url, options),
    ]);
  }, 30_000);
  afterAll(async () => {
    await Promise.all([a?.kill(), b?.kill()]);
    await server?.stop();
  });

  it('is two processes', () => {
    expect(new Set([a.pid, b.pid, process.pid]).size).toBe(3);
  });

  it('refreshes in A, verifies in B, revokes in B, refuses in A', async () => {
    const { refreshToken } = await a.create({ subject: `ada ${run}`, data: { handle: 'ada' } });
    const refreshed = okay(await a.refresh(refreshToken));
    const { accessToken, session } = refreshed;
    expect(await b.verify(accessToken)).toMatchObject({ ok: true, session: { sid: session.sid } });
    expect(await b.revoke(session.sid)).toBe(true);
    expect(await a.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await a.refresh(refreshed.refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(await a.update(session.sid, { handle: 'eve' })).toBeUndefined();
    expect(await a.revoke(session.sid)).toBe(false);
  });

  it('both processes return the same successor for fifty concurrent refreshes of one token [rotation.parallel]', async () => {
    const { refreshToken } = await a.create({ subject: `bob ${run}` });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? a : b).refresh(refreshToken)),
    );
    expect(new Set(answers.map((answer) => okay(answer).refreshToken)).size).toBe(1);
  });

  it('shares the limit on sign-ins', async () => {
    const subject = `carol ${run}`;
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? a : b).create({ subject })),
    );
    const refused = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(refused.map(({ reason }) => reason.name)).toEqual(Array(7).fill('SessionLimitError'));
    expect(await b.list(subject)).toHaveLength(3);
    expect(await a.list(subject)).toEqual(await b.list(subject));
  });

  it("ends B's logins by a revoke-all in A, and lets B log in again", async () => {
    const subject = `dora ${run}`;
    const logins = [await b.create({ subject }), await a.create({ subject })];
    expect(await a.revokeAll(subject)).toBe(2);
    for (const { accessToken, refreshToken } of logins) {
      expect(await b.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
      expect(await b.refresh(refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    }
    const { accessToken } = await b.create({ subject });
    expect(await a.verify(accessToken)).toMatchObject({ ok: true });
  });

  it('process B reads what A has patched, although both patch concurrently', async () => {
    const { session } = await a.create({ subject: `fay ${run}` });
    await Promise.all([a.update(session.sid, { left: 1 }), b.update(session.sid, { right: 2 })]);
    const [seen] = await b.list(`fay ${run}`);
    expect(seen?.data).toEqual({ left: 1, right: 2 });
  });
});

describe('a restart of both the process and Redis', () => {
  it('loses no session, and knows a spent token when it comes back [rotation.restart]', async () => {
    // Its own: the developer's server is not ours to restart.
    const server = await startRedisServer({
      binary: requireServer(servers.redis),
      config: { appendonly: 'yes', appendfsync: 'always' },
    });
    const apps: AppProcess[] = [];
    const start = async (): Promise<AppProcess> => {
      const app = await startAppProcess(server.url, { grace: '0s' });
      apps.push(app);
      return app;
    };
    try {
      const before = await start();
      const stolen = await before.create({ subject: 'ada' });
      const honest = await before.create({ subject: 'bob' });
      const successor = okay(await before.refresh(stolen.refreshToken));
      await before.verify(successor.accessToken);
      // In the background; once it is through, the earlier token has no excuse any more.
      await sleep(100);

      await before.kill();
      await server.kill();
      await server.restart();
      const after = await start();
      await until(() => after.ready().then(() => true), { what: 'the store to be ready' });

      expect(await after.verify(successor.accessToken)).toMatchObject({ ok: true });
      expect(await after.refresh(stolen.refreshToken)).toEqual({ ok: false, reason: 'reused' });
      expect((await after.events()).filter(({ name }) => name === 'reuse')).toHaveLength(1);
      expect(await after.verify(successor.accessToken)).toEqual({ ok: false, reason: 'unknown' });
      okay(await after.refresh(honest.refreshToken));
    } finally {
      await Promise.all(apps.map((app) => app.kill()));
      await server.stop();
    }
  }, 30_000);
});

function okay(answer: RefreshResult): Issued {
  if (!answer.ok) throw new Error(`not refreshed: ${answer.reason}`);
  return answer;
}
