import { createSessions, memoryStore, opaque, type SessionsOptions } from '@sess/core';
import type { AccessTokenPort } from '@sess/core/engine';
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
    expect(asked).toEqual([]);
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
  it('may be said by the tokens, by the engine, or by both alike', async () => {
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

  it('must not be said by both in two ways', () => {
    const accessToken = createFakeTokens({}, { ttl: 60_000 });
    const refused = refusalOf(() => createSessions({ accessToken, accessTtl: '5m' }));
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toBe(
      "accessTtl ('5m') and the ttl of fake() ('1m') disagree. Write one of them.",
    );
  });
});
