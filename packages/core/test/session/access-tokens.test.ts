import {
  createSessions,
  InvalidDataError,
  memoryStore,
  opaque,
  type SessionsOptions,
} from '@sess/core';
import type { AccessTokenPort } from '@sess/core/internal';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../refusal.js';
import { arrange } from './arrange.js';
import { createFakeTokens, grantOf } from './fake-tokens.js';

describe('a kind of token', () => {
  it('verifies in place of the engine, which then asks no store', async () => {
    const answer = { ok: false, reason: 'revoked' } as const;
    const { sessions, faulty } = arrange({
      accessToken: createFakeTokens({ verify: () => answer }),
    });
    expect(await sessions.verify('any')).toBe(answer);
    expect([...faulty.calls]).toEqual([]);
  });

  it('receives the version that it gave out before the write', async () => {
    const calls: string[] = [];
    const tokenVersion = async (tag: string) => {
      calls.push(`version ${tag.length}`);
      return 7;
    };
    const { sessions, faulty } = arrange({ accessToken: createFakeTokens({ tokenVersion }) });
    const { insert } = faulty.store;
    Object.assign(faulty.store, {
      insert: (...given: Parameters<typeof insert>) => {
        calls.push('insert');
        return insert(...given);
      },
    });
    expect(grantOf(await sessions.create({ subject: 'ada' })).version).toBe(7);
    expect(calls).toEqual(['version 16', 'insert']);
  });

  it('replaces a replayed access token that it reports as dead, and is asked for no other', async () => {
    let isAccessDead = false;
    const asked: string[] = [];
    const recheck: AccessTokenPort['recheck'] = async ({ sid }) => {
      asked.push(sid);
      return { version: 3, isAccessDead };
    };
    const { sessions } = arrange({ accessToken: createFakeTokens({ recheck }) });
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) throw new Error(second.reason);
    // The sign-in was checked; the rotation made a new token.
    expect(asked.splice(0)).toEqual([first.session.sid]);
    const replay = async () => {
      const result = await sessions.refresh(first.refreshToken);
      if (!result.ok) throw new Error(result.reason);
      return grantOf(result);
    };
    const { digest } = grantOf(second);
    expect(await replay()).toMatchObject({ digest, version: 3 });
    isAccessDead = true;
    expect((await replay()).digest).not.toBe(digest);
    expect(asked).toEqual([first.session.sid, first.session.sid]);
  });

  it('makes a sign-in start again whose token was ended beside its write', async () => {
    const versions = [1, 2];
    const { sessions, faulty, names } = arrange({
      accessToken: createFakeTokens({
        tokenVersion: async () => versions.shift() ?? 0,
        recheck: async (_record, _at, version = 0) => ({ version, isAccessDead: version === 1 }),
      }),
    });
    const issued = await sessions.create({ subject: 'ada' });
    expect(grantOf(issued).version).toBe(2);
    expect(await sessions.list('ada')).toEqual([issued.session]);
    expect(faulty.calls.get('insert')).toBe(2);
    expect(names()).toEqual(['created']);
  });

  it('leaves a sign-in as it is if its session has already ended', async () => {
    const ended: string[] = [];
    const arranged = arrange({
      accessToken: createFakeTokens({
        recheck: async ({ sid }) => {
          ended.push(sid);
          await arranged.sessions.revoke(sid);
          return { version: 0, isAccessDead: true };
        },
      }),
    });
    const { session } = await arranged.sessions.create({ subject: 'ada' });
    expect(ended).toEqual([session.sid]);
    expect(arranged.faulty.calls.get('insert')).toBe(1);
  });

  it.each([
    ['an error of the data', () => new InvalidDataError('too much', { code: 'data_too_large' })],
    ['any other error', () => new RangeError('no key')],
  ])(
    'is at fault, and not the request, if a refresh cannot issue: %s',
    async (_what, makeError) => {
      let isBroken = false;
      const issue: AccessTokenPort['issue'] = ({ digest }) => {
        if (isBroken) throw makeError();
        return digest;
      };
      const { sessions, logger, events } = arrange({ accessToken: createFakeTokens({ issue }) });
      const { refreshToken, session } = await sessions.create({ subject: 'ada' });
      isBroken = true;
      for (const call of [sessions.refresh(refreshToken), sessions.elevate(session.sid)]) {
        await expect(call).rejects.toMatchObject({ code: 'store_unavailable', status: 503 });
      }
      expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
      expect(events.filter(([name]) => name === 'store-error')).toHaveLength(2);
      isBroken = false;
      expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
    },
  );

  it('confirms a replay that writes nothing', async () => {
    let confirmed = 0;
    const confirm: AccessTokenPort['confirm'] = async ({ sid }) => {
      confirmed += 1;
      return { status: 'absent', now: sid.length };
    };
    const { sessions } = arrange({ accessToken: createFakeTokens({ confirm }) });
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
    expect(confirmed).toBe(0);
    await sessions.refresh(refreshToken);
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'unknown' });
    expect(confirmed).toBeGreaterThan(0);
  });

  it('may wrap the store', async () => {
    const open: ReturnType<typeof createFakeTokens>['open'] = (context) => ({
      ...createFakeTokens().open(context),
      store: { ...context.store, list: async () => ({ records: [], now: 0 }) },
    });
    const { sessions } = arrange({ accessToken: { kind: 'fake', open } });
    await sessions.create({ subject: 'ada' });
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('is closed with the store, even if the store fails to close', async () => {
    const closed: string[] = [];
    const close = async () => void closed.push('tokens');
    const sessions = createSessions({
      logger: silentLogger,
      store: { ...memoryStore(), close: () => Promise.reject(new Error('stuck')) },
      accessToken: createFakeTokens({ close }),
    });
    await expect(sessions.close()).rejects.toThrow('stuck');
    expect(closed).toEqual(['tokens']);
  });
});

describe('how long tokens live', () => {
  it('accessTtl can be given to the tokens, to the engine, or to both alike', async () => {
    const lifeOf = async (options: SessionsOptions) => {
      const { sessions, clock } = arrange(options);
      return (await sessions.create({ subject: 'ada' })).accessTokenExpiresAt - clock.now();
    };
    expect(await lifeOf({ accessToken: createFakeTokens({}, { ttl: 60_000 }) })).toBe(60_000);
    expect(await lifeOf({ accessToken: createFakeTokens(), accessTtl: '2m' })).toBe(120_000);
    const both = { accessToken: createFakeTokens({}, { ttl: 60_000 }), accessTtl: '1m' } as const;
    expect(await lifeOf(both)).toBe(60_000);
    expect(await lifeOf({ accessToken: opaque() })).toBe(900_000);
  });

  it('accessTtl of the tokens and of the engine must not differ', () => {
    const accessToken = createFakeTokens({}, { ttl: 60_000 });
    const refused = refusalOf(() => createSessions({ accessToken, accessTtl: '5m' }));
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(
      "accessTtl ('5m') and the ttl of fake() ('1m') disagree. Write one of them.",
    );
  });
});
