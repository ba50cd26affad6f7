import { describe, expect, it } from 'vitest';
import { arrange, settle } from './arrange.js';

/** The events without those of sign-ins. */
const ended = ({ events }: ReturnType<typeof arrange>) =>
  events.filter(([name]) => name !== 'created');

describe('a session that is revoked', () => {
  it('is reported with who ended it and why, cut to 128 characters, without broken pairs', async () => {
    const arranged = arrange();
    const { sessions, logger } = arranged;
    const { session } = await sessions.create({ subject: 'ada' });
    const by = `${'a'.repeat(127)}\u{1F600}`;
    expect(await sessions.revoke(session.sid, { by, reason: undefined as never })).toBe(true);
    const note = { sid: session.sid, cause: 'revoke', by: `${'a'.repeat(127)}\uFFFD` };
    expect(ended(arranged)).toEqual([['revoked', note]]);
    expect(logger.lines.at(-1)).toEqual({
      level: 'info',
      fields: expect.objectContaining({ sid: session.sid, cause: 'revoke' }),
      message: 'session revoked',
    });
    expect(await sessions.revoke(session.sid)).toBe(false);
    expect(ended(arranged)).toHaveLength(1);
  });

  it.each(['by', 'reason'])('is refused with a %s that is no text', async (name) => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    await expect(sessions.revoke(session.sid, { [name]: 5 })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: `revoke: expected a string as ${name}, got 5.`,
    });
    expect(await sessions.get(session.sid)).toBeDefined();
  });
});

describe('a sign-out', () => {
  it('with a spent refresh token ends the session, and reports a reuse of its user', async () => {
    const arranged = arrange({ grace: '10s', overlap: '10s' });
    const { sessions, clock } = arranged;
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    const second = await sessions.refresh(refreshToken);
    if (!second.ok) throw new Error('the token was refused');
    await sessions.verify(second.accessToken);
    await settle();
    clock.advance('1m');
    expect(await sessions.end({ refreshToken })).toBe(true);
    const named = { sid: session.sid, subject: 'ada' };
    expect(ended(arranged).slice(1)).toEqual([
      ['reuse', named],
      ['revoked', { cause: 'reuse', ...named }],
    ]);
    expect(await sessions.end({ refreshToken })).toBe(false);
    expect(ended(arranged)).toHaveLength(3);
  });

  it('with a token that is newer than the session ends it, and reports that the store may have lost writes', async () => {
    const arranged = arrange();
    const { sessions, faulty, clock } = arranged;
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    const before = (await faulty.store.load(session.sid)).record;
    const second = await sessions.refresh(refreshToken);
    if (!second.ok || before === undefined) throw new Error('the token was refused');
    // A replica took over that lacks the rotation.
    const write = { notAfter: clock.now() + 1_000, operation: 'failover' };
    const { record } = await faulty.store.load(session.sid);
    await faulty.store.replaceAuth(session.sid, record?.authVersion ?? 0, before.auth, write);
    expect(await sessions.end({ refreshToken: second.refreshToken })).toBe(true);
    const named = { sid: session.sid, subject: 'ada' };
    expect(ended(arranged).slice(-2)).toEqual([
      ['reuse', { ...named, alternative: 'lost-writes' }],
      ['revoked', { cause: 'lost-writes', ...named }],
    ]);
  });

  it('ends the session of the access token beside another one of the refresh token', async () => {
    const arranged = arrange();
    const { sessions } = arranged;
    const ada = await sessions.create({ subject: 'ada' });
    const bob = await sessions.create({ subject: 'bob' });
    const { accessToken } = bob;
    expect(await sessions.end({ refreshToken: ada.refreshToken, accessToken })).toBe(true);
    expect(ended(arranged)).toEqual([
      ['revoked', { cause: 'logout', sid: ada.session.sid, subject: 'ada' }],
      ['revoked', { cause: 'logout', sid: bob.session.sid, subject: 'bob' }],
    ]);
  });

  it('looks up a session once for both of its tokens, and none for tokens of another form', async () => {
    const { sessions, faulty, events } = arrange();
    const { accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
    let loads = 0;
    const { load } = faulty.store;
    faulty.store.load = (sid) => {
      loads += 1;
      return load(sid);
    };
    for (const garbage of [undefined, 'no token', 5, `${accessToken}x`]) {
      expect(await sessions.end({ accessToken: garbage })).toBe(false);
    }
    expect(await sessions.end({ accessToken, refreshToken })).toBe(true);
    expect(loads).toBeLessThanOrEqual(1);
    expect(events.filter(([name]) => name === 'revoked')).toHaveLength(1);
  });
});
