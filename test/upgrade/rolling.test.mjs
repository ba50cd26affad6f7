import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireServer, sleep, startPostgres, startRedisServer, until } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { root } from '../../tools/lib.mjs';
import { buildEarlier, EARLIER, whyNoEarlier } from './earlier.mjs';
import { startEngine } from './process.mjs';
import { createWalk } from './walk.mjs';

const MINUTE = 60_000;
const scale = Number(process.env.SESS_SCALE ?? 1);
/** Users who are active at the same time, and the steps of each. */
const USERS = 6;
const STEPS = Math.max(20, Math.round(240 * scale));
const SEED = Number(process.env.SESS_FUZZ_SEED ?? Date.now() % 1_000_000);

const folder = mkdtempSync(join(tmpdir(), 'sess-rolling-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stores = [
  {
    store: 'redis',
    storeOptions: { nearCache: true },
    async start() {
      const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
      return { address: server.url, stop: () => server.stop() };
    },
  },
  {
    store: 'sqlite',
    start: async () => ({ address: join(folder, 'sessions.db'), stop: async () => {} }),
  },
  {
    store: 'postgres',
    async start() {
      const server = await startPostgres();
      return { address: server.url, stop: () => server.stop() };
    },
  },
];

for (const { store, storeOptions, start } of stores) {
  const commit = EARLIER[store];
  const reason = whyNoEarlier(commit);
  const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;
  const title = `a rolling deploy from ${commit} on ${store}${skipped}`;
  describe.skipIf(reason !== undefined)(title, () => {
    let server;
    let trees = [];
    let engines = [];
    const open = (tree, options, secret) =>
      startEngine({ tree, store, address: server.address, options, storeOptions, secret });

    beforeAll(async () => {
      trees = [await buildEarlier(commit), root];
      server = await start();
      const options = { renewAfter: '1s', overlap: '6s', grace: '1m', accessTtl: '10m' };
      // The version before has made the tables, as in a deploy.
      const earlier = await open(trees[0], options);
      await earlier.call('migrate');
      const current = await open(trees[1], options);
      await current.call('migrate');
      engines = [earlier, current];
    }, 2 * MINUTE);
    afterAll(async () => {
      for (const engine of engines) await engine.stop();
      await server?.stop();
    }, MINUTE);

    it(
      'both versions serve the same users in any order',
      async () => {
        const walks = Array.from({ length: USERS }, (_, user) =>
          createWalk({ engines, subject: `user ${user}`, seed: SEED + user }),
        );
        try {
          await Promise.all(walks.map((walk) => walk.run(STEPS)));
        } catch (error) {
          error.message += `\nSESS_FUZZ_SEED=${SEED} repeats it`;
          throw error;
        }
        // Every kind of step was made, by each version.
        const made = walks.flatMap((walk) => walk.made());
        const counts = Object.fromEntries(
          [...new Set(made)]
            .sort()
            .map((name) => [name, made.filter((one) => one === name).length]),
        );
        process.stdout.write(`rolling deploy on ${store}: ${JSON.stringify(counts)}\n`);
        for (const engine of engines) expect(await engine.call('reuses')).toBe(0);
      },
      10 * MINUTE,
    );

    it(
      'a spent token is reuse for either version, and ends the session for both',
      async () => {
        const strict = { grace: '1s', renewAfter: '1s', overlap: '1s' };
        const pair = await Promise.all(trees.map((tree) => open(tree, strict)));
        try {
          for (const [at, engine] of pair.entries()) {
            const other = pair[1 - at];
            const stolen = await engine.call('create', { subject: `victim ${at}` });
            const next = await other.call('refresh', stolen.refreshToken);
            expect(await engine.call('verify', next.accessToken)).toMatchObject({ ok: true });
            await sleep(1_100);
            const thief = await engine.call('refresh', stolen.refreshToken);
            expect(thief).toEqual({ ok: false, reason: 'reused' });
            await until(async () => !(await other.call('verify', next.accessToken)).ok, {
              what: 'the end of the session in the other process',
            });
            expect(await other.call('refresh', next.refreshToken)).toMatchObject({ ok: false });
          }
          expect(await Promise.all(pair.map((engine) => engine.call('reuses')))).toEqual([1, 1]);
        } finally {
          for (const engine of pair) await engine.stop();
        }
      },
      MINUTE,
    );

    it(
      'signed tokens of either version are verified, expired and denied by both',
      async () => {
        const pair = await Promise.all(trees.map((tree) => open(tree, {}, 's'.repeat(32))));
        const verify = ({ accessToken }) =>
          Promise.all(pair.map(async (engine) => (await engine.call('verify', accessToken)).ok));
        try {
          for (const [at, engine] of pair.entries()) {
            const other = pair[1 - at];
            const subject = `signed ${at}`;
            const issued = await engine.call('create', { subject, data: { role: 'admin' } });
            expect(await verify(issued)).toEqual([true, true]);
            await other.call('expireAccess', subject);
            expect(await verify(issued)).toEqual([false, false]);
            const next = await other.call('refresh', issued.refreshToken);
            expect(await verify(next)).toEqual([true, true]);
            const elevated = await engine.call('elevate', next.session.sid, { acr: 'urn:second' });
            expect(await verify(next)).toEqual([false, false]);
            expect(await verify(elevated)).toEqual([true, true]);
            expect(await other.call('revoke', next.session.sid)).toBe(true);
            expect(await verify(elevated)).toEqual([false, false]);
            const last = await other.call('create', { subject });
            expect(await verify(last)).toEqual([true, true]);
            expect(await engine.call('revokeAll', subject)).toBe(1);
            expect(await verify(last)).toEqual([false, false]);
          }
        } finally {
          for (const engine of pair) await engine.stop();
        }
      },
      MINUTE,
    );
  });
}
