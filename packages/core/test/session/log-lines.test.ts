import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrange } from './arrange.js';

/** An engine with one session, and what is told from now on. */
async function arrangeOne() {
  const arranged = arrange();
  const issued = await arranged.sessions.create({ subject: 'ada' });
  const { sid } = issued.session;
  const { events, logger } = arranged;
  const [told, said] = [events.splice(0), [...logger.lines]];
  const lines = () =>
    logger.lines.slice(said.length).map(({ level, fields }) => ({ level, fields }));
  return { ...arranged, issued, sid, told, said, lines };
}

describe('what an event and a log line contain', () => {
  it('of a sign-in: which session, whose', async () => {
    const { told, said, sid } = await arrangeOne();
    expect(told).toEqual([['created', { sid, subject: 'ada' }]]);
    expect(said).toEqual([{ level: 'info', fields: { sid }, message: 'session created' }]);
  });

  it('of a revocation: which session, and why; whose is not known without looking', async () => {
    const { sessions, events, lines, sid } = await arrangeOne();
    await sessions.revoke(sid);
    expect(events).toStrictEqual([['revoked', { cause: 'revoke', sid }]]);
    expect(lines()).toEqual([{ level: 'info', fields: { sid, cause: 'revoke' } }]);
  });

  it.each(['accessToken', 'refreshToken'] as const)(
    'of a logout by %s: whose session it was, too',
    async (name) => {
      const { sessions, events, lines, sid, issued } = await arrangeOne();
      await sessions.end({ [name]: issued[name] });
      expect(events).toStrictEqual([['revoked', { cause: 'logout', sid, subject: 'ada' }]]);
      expect(lines()).toEqual([{ level: 'info', fields: { sid, cause: 'logout' } }]);
    },
  );

  it('of a logout everywhere: how many there were', async () => {
    const { sessions, events, lines } = await arrangeOne();
    await sessions.create({ subject: 'ada' });
    const told = events.length;
    await sessions.revokeAll('ada');
    expect(events.slice(told)).toEqual([
      ['revoked', { cause: 'revoke-all', subject: 'ada', count: 2 }],
    ]);
    expect(lines().at(-1)).toEqual({ level: 'info', fields: { count: 2 } });
  });

  it('of an elevation, unless there was nothing to elevate', async () => {
    const { sessions, lines, sid } = await arrangeOne();
    await sessions.elevate(sid);
    expect(lines()).toEqual([{ level: 'info', fields: { sid } }]);
    await sessions.revoke(sid);
    const before = lines().length;
    await sessions.elevate(sid);
    expect(lines()).toHaveLength(before);
  });

  it('a refused refresh token is logged with its reason, and with the session if it names one', async () => {
    const { sessions, events, lines, sid, issued } = await arrangeOne();
    await sessions.refresh('abc');
    await sessions.revoke(sid);
    await sessions.refresh(issued.refreshToken);
    expect(events.filter(([name]) => name === 'rejected')).toStrictEqual([
      ['rejected', { token: 'refresh', reason: 'malformed' }],
      ['rejected', { token: 'refresh', reason: 'unknown', sid }],
    ]);
    expect(lines().filter(({ level }) => level === 'debug')).toEqual([
      { level: 'debug', fields: { reason: 'malformed' } },
      { level: 'debug', fields: { sid, reason: 'unknown' } },
    ]);
  });

  it('of a refused access token: the same', async () => {
    const { sessions, events, sid, issued } = await arrangeOne();
    await sessions.verify('abc');
    await sessions.revoke(sid);
    await sessions.verify(issued.accessToken);
    expect(events.filter(([name]) => name === 'rejected')).toStrictEqual([
      ['rejected', { token: 'access', reason: 'malformed' }],
      ['rejected', { token: 'access', reason: 'unknown', sid }],
    ]);
  });

  it('of a theft: which session, and whose, as a warning', async () => {
    const { sessions, events, lines, clock, sid, issued } = await arrangeOne();
    const second = await sessions.refresh(issued.refreshToken);
    if (second.ok) await sessions.refresh(second.refreshToken);
    clock.advance('1m');
    events.length = 0;
    await sessions.refresh(issued.refreshToken);
    expect(events).toEqual([
      ['reuse', { sid, subject: 'ada' }],
      ['revoked', { cause: 'reuse', sid, subject: 'ada' }],
      ['rejected', { token: 'refresh', reason: 'reused', sid }],
    ]);
    expect(lines()).toContainEqual({ level: 'warn', fields: { sid, cause: 'reuse' } });
  });
});

describe('what a program writes wrong', () => {
  it('a misspelt option rejects with the method and its known options', async () => {
    const { sessions } = arrange({ logger: createMemoryLogger() });
    const wrong = { expect: 'x' } as never;
    await expect(sessions.create(wrong)).rejects.toThrow(
      "create: there is no option 'expect'. Known are: subject, data, device, provenAt, idleTtl, absoluteTtl, remember.",
    );
    await expect(sessions.end(wrong)).rejects.toThrow(
      "end: there is no option 'expect'. Known are: accessToken, refreshToken.",
    );
    await expect(sessions.revokeAll('ada', wrong)).rejects.toThrow(
      "revokeAll: there is no option 'expect'. Known are: except.",
    );
  });

  it.each(['', '\ud800', undefined])('is no subject to log out everywhere: %j', async (subject) => {
    const { sessions, faulty } = arrange();
    await expect(sessions.revokeAll(subject as string)).rejects.toMatchObject({
      code: 'invalid_subject',
    });
    expect(faulty.calls.size).toBe(0);
  });
});

describe('a device', () => {
  it.each([null, 'phone', 7])('that is no object is refused: %j', async (device) => {
    const { sessions } = arrange();
    const input = { subject: 'ada', device } as never;
    await expect(sessions.create(input)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('a device keeps its known members if they are text that is not empty', async () => {
    const { sessions } = arrange();
    const device = { userAgent: '', ip: 7, label: 'phone' } as never;
    const { session } = await sessions.create({ subject: 'ada', device });
    expect(session.device).toStrictEqual({ label: 'phone' });
  });
});

describe('the store', () => {
  it('the store is not called to end the sessions of malformed tokens', async () => {
    const { sessions, faulty } = arrange();
    expect(await sessions.end({})).toBe(false);
    expect(await sessions.end({ accessToken: 'abc', refreshToken: 'abc' })).toBe(false);
    expect(faulty.calls.size).toBe(0);
  });

  it('is asked for its time before all sessions of a subject end, by an id that could be one', async () => {
    const { sessions, faulty } = arrange();
    const asked: string[] = [];
    const { load } = faulty.store;
    Object.assign(faulty.store, {
      load: (sid: string) => {
        asked.push(sid);
        return load(sid);
      },
    });
    await sessions.revokeAll('ada');
    await sessions.revokeAll('ada');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^[\w-]{32}$/);
  });

  it('that fences every sign-in is given four tries, each after the fence before', async () => {
    const { sessions, faulty, clock, names } = arrange();
    const born: number[] = [];
    Object.assign(faulty.store, {
      insert: async ({ createdAt }: { createdAt: number }) => {
        born.push(createdAt - clock.now());
        return { status: 'revoked', revokedBefore: createdAt + 9, now: clock.now() };
      },
    });
    await expect(sessions.create({ subject: 'ada' })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(born).toEqual([0, 10, 20, 30]);
    expect(names()).toEqual([]);
  });
});
