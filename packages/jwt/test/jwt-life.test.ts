import { createSessions, memoryStore, type StandardSchema } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { createKeySet, generateKey, jwt, memoryDenylist, secretKey } from '../src/index.js';
import { arrangeJwt, claimsOf, good, NAMES, SECRET } from './engines.js';

const MODES = ['none', 'store', 'denylist'] as const;

describe.each(MODES)('the life of a signed access token, revocation: %s', (revocation) => {
  const arrange = (engine = {}) => arrangeJwt({ engine, tokens: { revocation } });

  it('is accepted until it expires, and not a millisecond longer', async () => {
    const { sessions, clock } = arrange();
    const { accessToken, accessTokenExpiresAt } = await sessions.create({ subject: 'ada' });
    clock.set(accessTokenExpiresAt - 1);
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    clock.set(accessTokenExpiresAt);
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('ends with its session where that is sooner, idle or absolute [life.absolute]', async () => {
    const { sessions, clock } = arrange({ accessTtl: '15m', idleTtl: '1h', absoluteTtl: '80m' });
    let issued = await sessions.create({ subject: 'ada' });
    const end = clock.now() + 80 * 60_000;
    for (const wait of ['40m', '30m'] as const) {
      clock.advance(wait);
      issued = good(await sessions.refresh(issued.refreshToken));
    }
    expect(issued.accessTokenExpiresAt).toBe(end);
    expect(claimsOf(issued.accessToken)['exp']).toBe(end / 1_000);
    clock.set(end);
    expect(await sessions.verify(issued.accessToken)).toEqual({ ok: false, reason: 'expired' });
    expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: false });
  });

  it('a signed access token never has an `exp` beyond the end of its session', async () => {
    const { sessions, clock } = arrange({ accessTtl: '599s', idleTtl: '10m', absoluteTtl: '25m' });
    clock.advance('617ms');
    let issued = await sessions.create({ subject: 'ada' });
    const end = clock.now() + 25 * 60_000;
    for (let step = 0; step < 5; step += 1) {
      const exp = Number(claimsOf(issued.accessToken)['exp']) * 1_000;
      expect(exp).toBeLessThanOrEqual(issued.session.expiresAt);
      expect(exp).toBeLessThanOrEqual(end);
      clock.advance('4m');
      issued = good(await sessions.refresh(issued.refreshToken));
    }
  });

  it('has half of the idle time of a sign-in at most, and ends with its absolute time', async () => {
    const { sessions, clock } = arrange();
    const lifetimes = { idleTtl: '10m', absoluteTtl: '12m' } as const;
    let issued = await sessions.create({ subject: 'ada', ...lifetimes });
    const end = clock.now() + 12 * 60_000;
    for (const [wait, life] of [
      ['0s', 300],
      ['4m', 300],
      ['4m', 240],
    ] as const) {
      clock.advance(wait);
      if (wait !== '0s') issued = good(await sessions.refresh(issued.refreshToken));
      const { iat, exp } = claimsOf(issued.accessToken) as { iat: number; exp: number };
      expect([exp - iat, iat * 1_000]).toEqual([life, clock.now()]);
    }
    expect(Number(claimsOf(issued.accessToken)['exp']) * 1_000).toBe(end);
  });

  it('a repeated refresh returns the same signed access token, byte for byte', async () => {
    const { sessions, clock } = arrange();
    const { refreshToken } = await sessions.create({ subject: 'ada', data: { theme: 'dark' } });
    clock.advance('1m');
    const first = good(await sessions.refresh(refreshToken));
    clock.advance('9s');
    const second = good(await sessions.refresh(refreshToken));
    expect(second.accessToken).toBe(first.accessToken);
    expect(second.refreshToken).toBe(first.refreshToken);
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
  });

  it('fifty concurrent refreshes on two engines return the same signed access token [rotation.parallel]', async () => {
    const { sessions, another } = arrange();
    const engines = [sessions, another()];
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => engines[n % 2]?.refresh(refreshToken)),
    );
    const tokens = new Set(results.map((result) => result?.ok && result.accessToken));
    expect(tokens.size).toBe(1);
    expect(await sessions.verify([...tokens][0])).toMatchObject({ ok: true });
  });

  it('is good after a restart with the same keys, store and denylist', async () => {
    const { sessions, another } = arrange();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    const next = another();
    expect(await next.verify(accessToken)).toMatchObject({ ok: true });
    await next.revoke(session.sid);
    const isGood = (await sessions.verify(accessToken)).ok;
    expect(isGood).toBe(revocation === 'none');
  });

  it('is refused when its data would not fit, before anything is written or ended', async () => {
    const { sessions, faulty } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const refused = [{ sub: 'eve' }, { exp: 1 }, { ses: {} }, { note: 'x'.repeat(5_000) }];
    const before = new Map(faulty.calls);
    for (const data of refused) {
      const creating = sessions.create({ subject: 'ada', data });
      const updating = sessions.update(session.sid, data);
      if (revocation === 'store') {
        // Nothing of the data goes into these tokens.
        await expect(creating).resolves.toBeDefined();
        await expect(updating).resolves.toBeDefined();
      } else {
        const code = 'note' in data ? 'data_too_large' : 'invalid_data';
        await expect(creating).rejects.toMatchObject({ name: 'InvalidDataError', code });
        await expect(updating).rejects.toMatchObject({ name: 'InvalidDataError', code });
      }
    }
    if (revocation === 'store') return;
    for (const operation of ['insert', 'replaceData', 'replaceAuth', 'remove'])
      expect(faulty.calls.get(operation)).toBe(before.get(operation));
    expect((await sessions.get(session.sid))?.data).toEqual({});
    expect(await sessions.list('ada')).toHaveLength(1);
  });
});

describe('what signed access tokens say', () => {
  it('is the same for EdDSA when a refresh is repeated, and the same `jti` for ES256', async () => {
    for (const alg of ['EdDSA', 'ES256'] as const) {
      const { sessions } = arrangeJwt({ tokens: { keys: await generateKey(alg) } });
      const { refreshToken } = await sessions.create({ subject: 'ada' });
      const first = good(await sessions.refresh(refreshToken)).accessToken;
      const second = good(await sessions.refresh(refreshToken)).accessToken;
      expect(claimsOf(second)).toEqual(claimsOf(first));
      expect(second === first).toBe(alg === 'EdDSA');
      expect(await sessions.verify(second)).toMatchObject({ ok: true });
    }
  });

  it('is the session of the moment it was made; a refresh brings the data of now', async () => {
    const { sessions } = arrangeJwt();
    const first = await sessions.create({ subject: 'ada', data: { theme: 'dark' } });
    await sessions.update(first.session.sid, { theme: 'light' });
    expect(await sessions.verify(first.accessToken)).toMatchObject({
      session: { data: { theme: 'dark' } },
    });
    const next = good(await sessions.refresh(first.refreshToken));
    expect(await sessions.verify(next.accessToken)).toMatchObject({
      session: { data: { theme: 'light' } },
    });
  });

  it('has in a repeated refresh the same `jti`, and the data of now', async () => {
    const { sessions } = arrangeJwt();
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    const first = good(await sessions.refresh(refreshToken)).accessToken;
    await sessions.update(session.sid, { theme: 'light' });
    const second = good(await sessions.refresh(refreshToken)).accessToken;
    expect(claimsOf(second)).toEqual({ ...claimsOf(first), theme: 'light' });
  });

  it('is what `claims` chose, and the rest stays in the store', async () => {
    const { sessions } = arrangeJwt({
      tokens: { claims: ({ subject, data }) => ({ role: data['role'], self: subject }) },
    });
    const { accessToken, session } = await sessions.create({
      subject: 'ada',
      data: { role: 'admin', secret: 'salary' },
    });
    expect(JSON.stringify(claimsOf(accessToken))).not.toContain('salary');
    expect(await sessions.verify(accessToken)).toMatchObject({
      ok: true,
      session: { subject: 'ada', data: { role: 'admin', self: 'ada' } },
    });
    expect((await sessions.get(session.sid))?.data).toEqual({ role: 'admin', secret: 'salary' });
  });

  it('a signed access token contains no session data where the store is read, and verify returns the stored data', async () => {
    const { sessions } = arrangeJwt({ tokens: { revocation: 'store' } });
    const { accessToken, session } = await sessions.create({
      subject: 'ada',
      data: { theme: 'dark' },
      device: { label: 'phone' },
    });
    expect(claimsOf(accessToken)).not.toHaveProperty('theme');
    await sessions.update(session.sid, { theme: 'light' });
    expect(await sessions.verify(accessToken)).toMatchObject({
      session: { data: { theme: 'light' }, device: { label: 'phone' } },
    });
  });

  it('is frozen to the ground, for every request with the token gets the same object', async () => {
    const { sessions } = arrangeJwt();
    const { accessToken } = await sessions.create({
      subject: 'ada',
      data: { permissions: ['read'], deep: { er: { list: [{}] } } },
    });
    const result = await sessions.verify(accessToken);
    if (!result.ok) throw new Error('the token is good');
    const { permissions, deep } = result.session.data as {
      permissions: string[];
      deep: { er: { list: object[] } };
    };
    expect(() => permissions.push('admin')).toThrow(TypeError);
    expect(() => deep.er.list.push({})).toThrow(TypeError);
    expect(() => Object.assign(deep.er.list[0] ?? {}, { a: 1 })).toThrow(TypeError);
  });

  it('must have the required claims: a session without them is not begun, and not made of one', async () => {
    const { sessions } = arrangeJwt({ tokens: { requiredClaims: ['email', 'role'] } });
    const lacking = [
      {},
      { email: 'a@b.c' },
      { email: '', role: 'admin' },
      { email: null, role: 1 },
    ];
    for (const data of lacking) {
      await expect(sessions.create({ subject: 'ada', data })).rejects.toMatchObject({
        code: 'invalid_data',
      });
    }
    const data = { email: 'a@b.c', role: 'admin' };
    const { accessToken, session } = await sessions.create({ subject: 'ada', data });
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true, session: { data } });
    await expect(sessions.update(session.sid, { role: undefined })).rejects.toMatchObject({
      code: 'invalid_data',
    });
  });

  it('is refused of an engine that requires other claims', async () => {
    const keys = secretKey(SECRET);
    const lax = arrangeJwt({ tokens: { keys, revocation: 'none' } });
    const strict = arrangeJwt({
      tokens: { keys, revocation: 'none', requiredClaims: ['email'] },
    });
    const { accessToken } = await lax.sessions.create({ subject: 'ada' });
    expect(await strict.sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
  });

  it('a signed access token with an invalid session id does not reach the store', async () => {
    const keys = secretKey(SECRET);
    const forge = (sid: string): string | Promise<string> =>
      keys.sign(
        JSON.stringify({
          iss: NAMES.issuer,
          aud: NAMES.audience,
          sub: 'ada',
          sid,
          jti: 'x',
          iat: 1,
          exp: 2e9,
          gen: 1,
        }),
      );
    for (const revocation of MODES) {
      const { sessions, faulty } = arrangeJwt({ tokens: { keys, revocation } });
      for (const sid of ['{a}', '*', '../x', 'x'.repeat(33)])
        expect(await sessions.verify(await forge(sid))).toEqual({ ok: false, reason: 'unknown' });
      expect(faulty.calls.get('load')).toBeUndefined();
    }
  });
});

describe('how long tokens live', () => {
  it('the life of signed tokens can be given to the engine, to the tokens, or to both alike', () => {
    const make = (accessTtl?: '5m' | '300s' | 300, ttl?: '5m' | '10m') =>
      createSessions({
        logger: silentLogger,
        ...(accessTtl === undefined ? {} : { accessTtl }),
        accessToken: jwt({
          keys: SECRET,
          ...NAMES,
          revocation: 'none',
          ...(ttl === undefined ? {} : { ttl }),
        }),
      });
    expect(() => make('5m', '10m')).toThrow('disagree');
    expect(() => make('300s', '5m')).not.toThrow();
  });

  it('the life of signed tokens is the `ttl` of the tokens where the engine gives none', async () => {
    const { sessions, clock } = arrangeJwt({ tokens: { ttl: '5m' } });
    const { accessTokenExpiresAt, accessToken } = await sessions.create({ subject: 'ada' });
    expect(accessTokenExpiresAt - clock.now()).toBe(300_000);
    const { exp, iat } = claimsOf(accessToken);
    expect(Number(exp) - Number(iat)).toBe(300);
  });

  it('is lengthened by the leeway, for a token that was denied as well', async () => {
    const { sessions, clock } = arrangeJwt({
      engine: { accessTtl: '5m' },
      tokens: { leeway: '2m' },
    });
    const [kept, ended] = [
      await sessions.create({ subject: 'ada' }),
      await sessions.create({ subject: 'ada' }),
    ];
    clock.advance('5m');
    await sessions.revoke(ended.session.sid);
    clock.advance('119s');
    expect(await sessions.verify(kept.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(ended.accessToken)).toEqual({ ok: false, reason: 'revoked' });
    clock.advance('1s');
    expect(await sessions.verify(kept.accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('outlives a rotation of the keys, and not the revocation of one', async () => {
    const [old, next] = [secretKey(SECRET), secretKey(`${SECRET}, and another`)];
    const keys = createKeySet(old);
    const { sessions, clock } = arrangeJwt({ tokens: { keys } });
    const first = await sessions.create({ subject: 'ada' });
    keys.rotate(next);
    const second = good(await sessions.refresh(first.refreshToken));
    clock.advance('14m');
    expect(await sessions.verify(first.accessToken)).toMatchObject({ ok: true });
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    const other = createKeySet(old, next);
    const leaked = arrangeJwt({ tokens: { keys: other } });
    const issued = await leaked.sessions.create({ subject: 'ada' });
    other.revoke(old.kid);
    expect(await leaked.sessions.verify(issued.accessToken)).toEqual({
      ok: false,
      reason: 'unknown',
    });
  });
});

it('types and checks the data of tokens by the schema, at every write', async () => {
  const schema: StandardSchema<{ role: string }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { role?: unknown }).role === 'string'
          ? { value: { role: (value as { role: string }).role.trim() } }
          : { issues: [{ message: 'must be text', path: ['role'] }] },
    },
  };
  const clock = createFakeClock();
  const sessions = createSessions({
    store: memoryStore({ clock }),
    clock,
    logger: silentLogger,
    data: schema,
    accessToken: jwt<{ role: string }>({
      keys: SECRET,
      ...NAMES,
      revocation: 'denylist',
      denylist: memoryDenylist(),
      claims: ({ data }) => ({ role: data.role }),
    }),
  });
  const { accessToken } = await sessions.create({ subject: 'ada', data: { role: ' admin ' } });
  const result = await sessions.verify(accessToken);
  expect(result.ok && result.session.data.role).toBe('admin');
});
