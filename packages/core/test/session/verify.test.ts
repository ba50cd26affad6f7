import { createSessions, memoryStore } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrange, settle } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

describe('verify', () => {
  it.each([
    undefined,
    null,
    7,
    {},
    [],
    '',
    'abc',
    'sat_',
    `sat_${'A'.repeat(32)}.${'A'.repeat(42)}`,
    'x'.repeat(100_000),
  ])(
    'takes hostile input for malformed, without asking the store: %# [tokens.form, tokens.length]',
    async (token) => {
      const { sessions, faulty } = arrange();
      expect(await sessions.verify(token)).toEqual({ ok: false, reason: 'malformed' });
      expect(faulty.calls.get('load')).toBeUndefined();
    },
  );

  it('verify accepts a live token, and separates unknown tokens from expired ones', async () => {
    const { sessions, clock } = arrange();
    const { accessToken, session } = await sessions.create({ subject: 'ada', data: { a: 1 } });
    expect(await sessions.verify(accessToken)).toEqual({ ok: true, session });
    const other = `${accessToken.slice(0, -2)}${accessToken.endsWith('AA') ? 'QA' : 'AA'}`;
    expect(await sessions.verify(other)).toEqual({ ok: false, reason: 'unknown' });
    clock.advance('899999ms');
    expect(await sessions.verify(accessToken)).toMatchObject({ ok: true });
    clock.advance('1ms');
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('ends an access token with its session, whichever deadline comes first [life.idle]', async () => {
    const { sessions, clock } = arrange({ absoluteTtl: '60s', accessTtl: '40s' });
    const first = await sessions.create({ subject: 'ada' });
    clock.advance('30s');
    const issued = await sessions.refresh(first.refreshToken);
    if (!issued.ok) throw new Error(issued.reason);
    expect(issued.accessTokenExpiresAt).toBe(clock.now() + 30_000);
    clock.advance('30s');
    expect(await sessions.verify(issued.accessToken)).toEqual({ ok: false, reason: 'expired' });
    expect(await sessions.get(issued.session.sid)).toBeUndefined();
  });

  it('is not fooled by a client that ignores Max-Age [life.max-age]', async () => {
    const { sessions, clock } = arrange({ idleTtl: '1h' });
    const issued = await sessions.create({ subject: 'ada' });
    clock.advance('3601s');
    expect(await sessions.refresh(issued.refreshToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('does not take a refresh token for an access token, nor the reverse [jwt.crossed]', async () => {
    const { sessions } = arrange();
    const issued = await sessions.create({ subject: 'ada' });
    expect(await sessions.verify(issued.refreshToken)).toEqual({ ok: false, reason: 'malformed' });
    expect(await sessions.refresh(issued.accessToken)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('verify acknowledges a rotation once, in the background, for any number of concurrent calls', async () => {
    const { sessions, faulty } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) throw new Error(second.reason);
    const before = faulty.calls.get('replaceAuth') ?? 0;
    await Promise.all(Array.from({ length: 20 }, () => sessions.verify(second.accessToken)));
    await settle();
    await sessions.verify(second.accessToken);
    await settle();
    expect((faulty.calls.get('replaceAuth') ?? 0) - before).toBe(1);
  });

  it('does not settle by an access token of an earlier generation', async () => {
    const { sessions, faulty } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await sessions.refresh(first.refreshToken);
    const before = faulty.calls.get('replaceAuth');
    await sessions.verify(first.accessToken);
    await settle();
    expect(faulty.calls.get('replaceAuth')).toBe(before);
  });

  it('is not disturbed when settling fails, and tries again the next time', async () => {
    const { sessions, faulty, names } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(first.refreshToken);
    if (!second.ok) throw new Error(second.reason);
    faulty.fail('replaceAuth');
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    await settle();
    expect(names()).toContain('store-error');
    faulty.heal();
    const before = faulty.calls.get('replaceAuth') ?? 0;
    await sessions.verify(second.accessToken);
    await settle();
    expect((faulty.calls.get('replaceAuth') ?? 0) - before).toBe(1);
  });

  it('reads a header for the caller', async () => {
    const { sessions } = arrange();
    const { accessToken } = await sessions.create({ subject: 'ada' });
    expect(await sessions.authenticate(`bearer ${accessToken}`)).toMatchObject({ ok: true });
    for (const header of [undefined, null, '', 'Basic abc', `Bearer ${accessToken} x`]) {
      expect(await sessions.authenticate(header)).toEqual({ ok: false, reason: 'malformed' });
    }
  });

  it('verify uses the clock of the store where the local clock is wrong', async () => {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const skewed = createFakeClock(clock.now() - 30_000);
    const sessions = createSessions({ store, clock: skewed, logger: silentLogger });
    const issued = await sessions.create({ subject: 'ada' });
    expect(issued.session.createdAt).toBe(clock.now());
    expect(issued.accessTokenExpiresAt).toBe(clock.now() + 900_000);
    clock.advance('15m');
    skewed.advance('15m');
    expect(await sessions.verify(issued.accessToken)).toEqual({ ok: false, reason: 'expired' });
  });

  it('logs why a token was refused, and of which session', async () => {
    const { sessions, clock, logger } = arrange();
    const { accessToken, session } = await sessions.create({ subject: 'ada' });
    clock.advance('15m');
    await sessions.verify(accessToken);
    expect(logger.lines.filter(({ level }) => level === 'debug')).toMatchObject([
      { fields: { sid: session.sid, reason: 'expired' } },
    ]);
  });

  it('a local clock that is ahead refuses no token before the time of the store is known', async () => {
    const clock = createFakeClock();
    const store = memoryStore({ clock });
    const options = { store, logger: silentLogger };
    const accessToken = createFakeTokens({ verify: undefined as never });
    const { accessToken: token } = await createSessions({ ...options, clock, accessToken }).create({
      subject: 'ada',
    });
    const ahead = createSessions({
      ...options,
      clock: createFakeClock(clock.now() + 3_600_000),
      accessToken,
    });
    expect(await ahead.verify(token)).toMatchObject({ ok: true });
  });
});
