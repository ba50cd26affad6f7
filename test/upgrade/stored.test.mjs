import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireServer, startPostgres, startRedisServer } from '@sess/test-servers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { root } from '../../tools/lib.mjs';
import { listRecords } from './earlier.mjs';
import { startEngine } from './process.mjs';
import { AGE_MS } from './scene.mjs';
import { shiftRedis, shiftTimes } from './shift.mjs';

const MINUTE = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'sess-stored-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Each starts a server or names a file, for one scene. */
const servers = {
  redis: async () => {
    const server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    return { address: server.url, stop: () => server.stop() };
  },
  postgres: async () => {
    const server = await startPostgres();
    return { address: server.url, stop: () => server.stop() };
  },
  sqlite: async (commit) => ({ address: join(folder, `${commit}.db`), stop: async () => {} }),
};

for (const file of listRecords()) {
  const { commit, options, stores } = JSON.parse(readFileSync(file, 'utf8'));
  describe.each(Object.entries(stores))(
    `records that ${commit} has written into %s`,
    (store, { writtenAt, known, content }) => {
      let server;
      let engine;
      beforeAll(async () => {
        server = await servers[store](commit);
        const config = { tree: root, store, address: server.address, options };
        engine = await startEngine(config);
        const by = Date.now() - AGE_MS - writtenAt;
        await engine.call('load', (store === 'redis' ? shiftRedis : shiftTimes)(content, by));
        await engine.call('migrate');
      }, MINUTE);
      afterAll(async () => {
        await engine?.stop();
        await server?.stop();
      });

      it('access tokens show their session with its data, device and proof', async () => {
        for (const name of ['plain', 'short', 'changed', 'spent', 'successor', 'many', 'again']) {
          const verified = await engine.call('verify', known[name].accessToken);
          expect(verified, name).toMatchObject({ ok: true, session: { sid: known[name].sid } });
        }
        expect(await engine.call('verify', known.rich.accessToken)).toMatchObject({
          ok: true,
          session: {
            subject: 'ada',
            data: {
              role: 'admin',
              tags: ['ä', '—', '1700000000000x'],
              nested: { deep: [1, null, true] },
            },
            device: { userAgent: 'Mozilla/5.0 "quoted"', ip: '2001:db8::1', label: 'Ada’s phone' },
            amr: ['pwd'],
          },
        });
        // Accepted with the proof of before, until a token of the elevated session is presented.
        const former = await engine.call('verify', known.former.accessToken);
        expect(former).toMatchObject({ ok: true, session: { amr: ['pwd'] } });
        expect(former.session.acr).toBeUndefined();
        expect(await engine.call('verify', known.elevated.accessToken)).toMatchObject({
          session: {
            acr: 'urn:example:two-factor',
            amr: ['pwd', 'otp'],
            data: { elevated: true },
          },
        });
      });

      it('the sessions of a subject are listed, oldest first', async () => {
        const sids = (await engine.call('list', 'ada')).map(({ sid }) => sid);
        const names = ['plain', 'rich', 'short', 'changed'];
        expect(sids).toEqual(names.map((name) => known[name].sid));
        expect(await engine.call('list', 'dan')).toMatchObject([{ sid: known.again.sid }]);
      });

      it('what was revoked stays so, and is not brought back', async () => {
        for (const name of ['revoked', 'lost']) {
          const { sid, accessToken, refreshToken } = known[name];
          expect(await engine.call('verify', accessToken), name).toMatchObject({ ok: false });
          expect(await engine.call('refresh', refreshToken), name).toMatchObject({ ok: false });
          expect(await engine.call('update', sid, { back: true }), name).toBeUndefined();
        }
      });

      it('a spent token gets the successor that it got, and the chain goes on', async () => {
        const { spent, successor, many } = known;
        const again = await engine.call('refresh', spent.refreshToken);
        expect(again.refreshToken).toBe(successor.refreshToken);
        for (const { refreshToken } of [successor, many]) {
          const next = await engine.call('refresh', refreshToken);
          expect(next).toMatchObject({ ok: true });
          expect(await engine.call('verify', next.accessToken)).toMatchObject({ ok: true });
        }
      });

      it('a cookie is renewed, once for all requests, and keeps its lifetime', async () => {
        const { refreshToken } = known.short;
        const present = () => engine.call('present', refreshToken, { canRenew: true });
        const [one, other] = await Promise.all([present(), present()]);
        expect(one.renewal.refreshToken).toBe(other.renewal.refreshToken);
        expect(one.renewal.refreshToken).not.toBe(refreshToken);
        expect(one.renewal.persistent).toBe(false);
      });

      it('one-time values are taken once, and a guest becomes a user', async () => {
        const { plain, guest } = known;
        expect(await engine.call('take', plain.sid, 'state')).toEqual({ nonce: 'n1' });
        expect(await engine.call('take', plain.sid, 'state')).toBeUndefined();
        const presented = await engine.call('present', guest.refreshToken, { canRenew: true });
        expect(presented).toMatchObject({ reason: 'guest', guest: { data: { basket: ['tea'] } } });
        const replaces = { refreshToken: guest.refreshToken };
        const signedIn = await engine.call(
          'create',
          { subject: 'eve' },
          { replaces, keep: ['basket'] },
        );
        expect(signedIn.session.data).toEqual({ basket: ['tea'] });
        expect(await engine.call('take', signedIn.session.sid, 'notice')).toBe('saved');
      });

      it('data is updated, and sessions are elevated and signed out, one or all', async () => {
        const { plain, changed, rich, elevated } = known;
        expect(await engine.call('count', changed.sid)).toMatchObject({ data: { count: 43 } });
        const again = await engine.call('elevate', elevated.sid, { acr: 'urn:example:third' });
        expect(await engine.call('verify', again.accessToken)).toMatchObject({ ok: true });
        expect(await engine.call('end', { refreshToken: plain.refreshToken })).toBe(true);
        expect(await engine.call('verify', plain.accessToken)).toMatchObject({ ok: false });
        expect(await engine.call('revokeAll', 'ada')).toBe(3);
        expect(await engine.call('verify', rich.accessToken)).toMatchObject({ ok: false });
        expect(await engine.call('list', 'ada')).toEqual([]);
      });

      it('none of it was taken for reuse', async () => {
        expect(await engine.call('reuses')).toBe(0);
      });
    },
  );
}
