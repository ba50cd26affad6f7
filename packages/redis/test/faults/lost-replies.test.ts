import type { Sessions } from '@sess/core';
import {
  type ProxyRequest,
  type RedisServer,
  RespError,
  requireServer,
  startRedisServer,
  startTcpProxy,
  type TcpProxy,
} from '@sess/test-servers';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest';
import type { Script } from '../../src/client/run-script.js';
import { INSERT } from '../../src/store/lua/insert.js';
import { REMOVE, REMOVE_ALL } from '../../src/store/lua/remove.js';
import { REPLACE_AUTH, REPLACE_DATA } from '../../src/store/lua/replace.js';
import {
  accepted,
  createEngine,
  type Engine,
  readRecord,
  useNeighbour,
  useRedis,
  warmUp,
} from './arrange.js';

/** ioredis as it comes, but without its pauses: a command whose answer was lost is sent again by itself. */
const RESENDING = { maxRetriesPerRequest: 20, retryStrategy: () => 20 };

describe('a reply that is lost after the command was carried out [store.lost-reply]', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let neighbour: Sessions;

  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.command('FLUSHALL');
    proxy = await startTcpProxy({ target: server });
    neighbour = await useNeighbour(onTestFinished, server);
    await warmUp(neighbour);
  });
  afterEach(() => proxy?.close());

  /** Loses the next answer to a script; answers the requests for it, those that were sent again included. */
  function loseReply(script: Script): readonly ProxyRequest[] {
    const seen: ProxyRequest[] = [];
    const isMeant = ({ args }: ProxyRequest): boolean => String(args[0]) === script.sha;
    proxy.hooks.onRequest = (request) => {
      if (isMeant(request)) seen.push(request);
      return 'pass';
    };
    let isLost = false;
    proxy.hooks.onReply = (request, reply) => {
      if (isLost || reply instanceof RespError || !isMeant(request)) return 'pass';
      isLost = true;
      return 'reset';
    };
    return seen;
  }

  /** Keeps the client away from the server until `work` is done. */
  async function meanwhile(work: () => Promise<unknown>): Promise<void> {
    proxy.refuse();
    await work();
    await proxy.pass();
  }

  describe('by a client that reports it, so that the store sends the command again', () => {
    let engine: Engine;
    beforeEach(async () => {
      engine = createEngine(useRedis(onTestFinished, proxy.url));
      await engine.sessions.ready();
    });

    test('leaves one rotation, and every retry of the refresh gets its successor [rotation.lost]', async () => {
      const { sessions, heard } = engine;
      const { session, refreshToken } = await sessions.create({ subject: 'ada' });
      const sent = loseReply(REPLACE_AUTH);
      const issued = accepted(await sessions.refresh(refreshToken));
      expect(sent).toHaveLength(2);
      const after = await readRecord(server, session.sid);
      expect(after).toMatchObject({ authVersion: 2, auth: { generation: 1 } });

      const retries = [
        issued,
        accepted(await sessions.refresh(refreshToken)),
        accepted(await neighbour.refresh(refreshToken)),
      ];
      expect(new Set(retries.map((retry) => retry.refreshToken)).size).toBe(1);
      expect((await readRecord(server, session.sid))?.auth.refresh).toBe(after?.auth.refresh);
      for (const { accessToken } of retries) {
        expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
      }
      expect(heard).not.toContain('reuse');
    });

    test('of a sign-in leaves one session, and no copy revives it', async () => {
      const { sessions } = engine;
      const sent = loseReply(INSERT);
      const { session } = await sessions.create({ subject: 'ada' });
      expect(sent).toHaveLength(2);
      expect((await neighbour.list('ada')).map(({ sid }) => sid)).toEqual([session.sid]);
      expect(await neighbour.revoke(session.sid)).toBe(true);
      await sessions.create({ subject: 'ada' });
      // A copy of the first command that was delayed for long.
      const [first] = sent;
      const late = await server.command('EVALSHA', ...(first?.args ?? []).map(String));
      expect(Array.isArray(late) && late[0]).toBe('revoked');
      expect(await neighbour.list('ada')).toHaveLength(1);
    });

    test('of a logout, or of one from everywhere, is reported as done once', async () => {
      const { sessions, heard } = engine;
      const { session, accessToken } = await sessions.create({ subject: 'ada' });
      loseReply(REMOVE);
      expect(await sessions.revoke(session.sid)).toBe(true);
      expect(await sessions.revoke(session.sid)).toBe(false);
      expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
      expect(heard.filter((name) => name === 'revoked:revoke')).toHaveLength(1);

      for (let n = 0; n < 3; n += 1) await sessions.create({ subject: 'ada' });
      loseReply(REMOVE_ALL);
      expect(await sessions.revokeAll('ada')).toBe(3);
      expect(await sessions.revokeAll('ada')).toBe(0);
      expect(await neighbour.list('ada')).toEqual([]);
    });
  });

  describe('by a client that sends it again', () => {
    let engine: Engine;
    beforeEach(async () => {
      const client = useRedis(onTestFinished, proxy.url, RESENDING);
      // Patient: on a busy machine the neighbour may take a while between the two executions.
      engine = createEngine(client, { store: { timeout: '10s' } });
      await engine.sessions.ready();
    });

    test('rotates once, though the refresh is carried out twice', async () => {
      const { sessions, heard } = engine;
      const { session, refreshToken } = await sessions.create({ subject: 'ada' });
      const sent = loseReply(REPLACE_AUTH);
      const issued = accepted(await sessions.refresh(refreshToken));
      expect(sent).toHaveLength(2);
      const record = await readRecord(server, session.sid);
      expect(record).toMatchObject({ authVersion: 2, auth: { generation: 1 } });
      expect(accepted(await neighbour.refresh(refreshToken)).refreshToken).toBe(
        issued.refreshToken,
      );
      expect(heard.filter((name) => name === 'refreshed')).toHaveLength(1);
      expect(heard).not.toContain('reuse');
    });

    test('updates once, elevates once', async () => {
      const { sessions } = engine;
      const { session } = await sessions.create({ subject: 'ada' });
      const updates = loseReply(REPLACE_DATA);
      await sessions.update(session.sid, (data) => ({ ...data, n: Number(data['n'] ?? 0) + 1 }));
      expect(updates).toHaveLength(2);
      expect(await readRecord(server, session.sid)).toMatchObject({
        dataVersion: 2,
        data: { data: { n: 1 } },
      });
      const elevations = loseReply(REPLACE_AUTH);
      const elevated = await sessions.elevate(session.sid);
      expect(elevations).toHaveLength(2);
      expect(await readRecord(server, session.sid)).toMatchObject({ authVersion: 2 });
      expect(await neighbour.verify(elevated?.accessToken)).toMatchObject({ ok: true });
    });

    test('a remove sent twice returns removed, and emits one event', async () => {
      const { sessions, heard } = engine;
      const { session } = await sessions.create({ subject: 'ada' });
      const sent = loseReply(REMOVE);
      expect(await sessions.revoke(session.sid)).toBe(true);
      expect(sent).toHaveLength(2);
      expect(heard.filter((name) => name === 'revoked:revoke')).toHaveLength(1);
    });

    test('counts as it did when all were removed, and spares a sign-in that came in between', async () => {
      const { sessions } = engine;
      for (let n = 0; n < 3; n += 1) await sessions.create({ subject: 'ada' });
      const sent = loseReply(REMOVE_ALL);
      let between = '';
      const removal = sessions.revokeAll('ada');
      await meanwhile(async () => {
        // The first execution is seen by its outcome.
        while ((await neighbour.list('ada')).length > 0);
        between = (await neighbour.create({ subject: 'ada' })).session.sid;
      });
      expect(await removal).toBe(3);
      expect(sent).toHaveLength(2);
      expect((await neighbour.list('ada')).map(({ sid }) => sid)).toEqual([between]);
    });

    test('an insert sent twice inserts and evicts once; after a revoke-all in between it runs as new', async () => {
      const client = useRedis(onTestFinished, proxy.url, RESENDING);
      const { sessions, heard } = createEngine(client, {
        engine: { maxPerSubject: 1 },
        store: { timeout: '10s' },
      });
      await sessions.create({ subject: 'ada' });
      const sent = loseReply(INSERT);
      const second = await sessions.create({ subject: 'ada' });
      expect(sent).toHaveLength(2);
      expect((await neighbour.list('ada')).map(({ sid }) => sid)).toEqual([second.session.sid]);
      expect(heard.filter((name) => name === 'revoked:evicted')).toHaveLength(1);

      const again = loseReply(INSERT);
      const third = sessions.create({ subject: 'ada' });
      await meanwhile(async () => {
        while ((await neighbour.list('ada'))[0]?.sid === second.session.sid);
        expect(await neighbour.revokeAll('ada')).toBe(1);
      });
      const { session, accessToken } = await third;
      // Twice the first record, which the fence refuses, and then a younger one.
      expect(again).toHaveLength(3);
      expect((await neighbour.list('ada')).map(({ sid }) => sid)).toEqual([session.sid]);
      expect(await neighbour.verify(accessToken)).toMatchObject({ ok: true });
    });
  });
});
