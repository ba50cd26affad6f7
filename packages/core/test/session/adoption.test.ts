import { createSessions, memoryStore, type SessionsOptions } from '@sess/core';
import { type AdoptedContent, contextOf, createAdoptions } from '@sess/core/internal';
import type { SessionRecord, SessionStore } from '@sess/core/store';
import { createFakeClock } from '@sess/testkit';
import { describe, expect, it, vi } from 'vitest';
import { digest } from '../../src/token/crypto.js';
import { arrange as arrangeEngine, settle } from './arrange.js';
import { createFakeTokens } from './fake-tokens.js';

const DAY = 86_400_000;
const MAX_COOKIE = 400 * DAY;
const text = (fill: string, length: number) => fill.repeat(length);
/** Secrets of one old session; the last character of each is free of spare bits. */
const seedOf = (letter: string) => ({
  id: text(letter, 16),
  family: text('F', 16),
  secret: `${text('S', 42)}A`,
  salt: `${text('T', 21)}A`,
  mark: `${text(letter, 42)}A`,
});
const SEED = seedOf('I');
const SUBJECT_MARK = `${text('U', 42)}A`;

function arrange(options: SessionsOptions = {}) {
  const arranged = arrangeEngine({ maxPerSubject: 2, ...options });
  const context = contextOf(arranged.sessions);
  if (context === undefined) throw new Error('the engine has no context');
  const adoptions = createAdoptions(context);
  const { clock, sessions, faulty } = arranged;
  const contentOf = (given: Partial<AdoptedContent> = {}): AdoptedContent => ({
    subject: 'ada',
    data: { role: 'admin' },
    device: { label: 'laptop' },
    isFixed: false,
    persistent: true,
    subjectMark: SUBJECT_MARK,
    authenticatedAt: clock.now() - 1_000,
    ...given,
  });
  async function take(given: Partial<AdoptedContent> = {}, seed = SEED) {
    const result = await adoptions.adopt(seed, contentOf(given));
    if (result.kind === 'spent') throw new Error('the old session is spent');
    return result;
  }
  const markSid = (name: string) => context.tagOfSubject(`guest:${name}`) + name.slice(0, 16);
  const read = async (sid: string) => (await faulty.store.load(sid)).record;
  const markOf = (name = SEED.mark) => read(markSid(name));
  /** Its acknowledgement is written in the background. */
  async function present(token: string) {
    const result = await sessions.present(token, { canRenew: false });
    await settle();
    return result;
  }
  return { ...arranged, adoptions, contentOf, take, markSid, read, markOf, present };
}

describe('the session that takes the place of an old one', () => {
  it('is unknown until it is taken over, and then found', async () => {
    const { adoptions, take, present } = arrange();
    expect(await adoptions.find(SEED)).toBeUndefined();
    const taken = await take();
    expect(taken).toMatchObject({ kind: 'fresh', record: { data: { subject: 'ada' } } });
    expect(await adoptions.find(SEED)).toEqual(taken);
    expect(await present(taken.refreshToken)).toMatchObject({
      ok: true,
      session: { subject: 'ada', data: { role: 'admin' } },
    });
  });

  it('has a record of which only the seed decides the secrets', async () => {
    const { take, clock, read } = arrange({ idleTtl: '1d', absoluteTtl: '30d' });
    const at = clock.now();
    const { record, at: judgedAt } = await take({ authenticatedAt: at - 5_000.5 });
    expect(judgedAt).toBe(at);
    expect(await read(record.sid)).toStrictEqual({
      sid: record.sid,
      createdAt: at,
      authVersion: 1,
      dataVersion: 1,
      auth: {
        expiresAt: at + DAY,
        absoluteExpiresAt: at + 30 * DAY,
        authenticatedAt: at - 5_001,
        lastUsedAt: at,
        generation: 0,
        family: digest(SEED.family),
        refresh: digest(SEED.secret),
        access: [],
        steps: [{ salt: SEED.salt }],
        accessCount: -1,
        acknowledged: false,
        replayed: false,
      },
      data: { subject: 'ada', device: { label: 'laptop' }, data: { role: 'admin' } },
    });
    expect(record.sid.endsWith(SEED.id)).toBe(true);
  });

  it.each([
    [undefined, 0],
    [-5, 0],
    ['later', 'now'],
  ])('was authenticated at %s, which is kept as %s', async (given, kept) => {
    const { take, clock } = arrange();
    const now = clock.now();
    const authenticatedAt = given === 'later' ? now + 60_000 : (given as number | undefined);
    const { record } = await take({ authenticatedAt });
    expect(record.auth.authenticatedAt).toBe(kept === 'now' ? now : kept);
  });

  it('ends with the old one, on a whole millisecond, and never after the absolute lifetime', async () => {
    const { take, clock } = arrange({ idleTtl: '1d', absoluteTtl: '30d' });
    const now = clock.now();
    const soon = await take({ expiresAt: now + 5_000.7 });
    expect(soon.record.auth).toMatchObject({
      expiresAt: now + 5_000,
      absoluteExpiresAt: now + 5_000,
    });
    const late = await take({ expiresAt: now + 90 * DAY }, seedOf('J'));
    expect(late.record.auth.absoluteExpiresAt).toBe(now + 30 * DAY);
  });

  it('is a session of the browser where the old cookie was one', async () => {
    const { take } = arrange({ idleTtl: '7d' });
    const { record } = await take({ persistent: false });
    expect(record.data.life).toMatchObject({ persistent: false, idleTtl: DAY });
    expect(record.auth.expiresAt).toBe(record.createdAt + DAY);
  });

  it('is a guest where the old one had no user, without event and device', async () => {
    const { take, names, present } = arrange({ idleTtl: '7d' });
    const { record, refreshToken, at } = await take({
      subject: undefined,
      data: { cart: ['tea'] },
    });
    expect(record.data).toEqual({
      subject: `guest:new:${SEED.mark}`,
      device: {},
      data: { cart: ['tea'] },
      guest: true,
    });
    expect(record.auth).toMatchObject({ authenticatedAt: at, expiresAt: at + 3_600_000 });
    expect(await present(refreshToken)).toMatchObject({ reason: 'guest' });
    expect(names()).toEqual([]);
  });

  it('is stored once, with one event and one log line, however often it is taken over', async () => {
    const { take, events, logger, faulty } = arrange();
    const first = await take();
    const second = await take();
    expect(second).toEqual(first);
    const { sid } = first.record;
    expect(events).toEqual([['created', expect.objectContaining({ sid, subject: 'ada' })]]);
    expect(logger.lines.filter(({ message }) => message === 'session taken over')).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ sid }) }),
    ]);
    expect((await faulty.store.list(sid.slice(0, 16))).records).toHaveLength(1);
  });

  it('stays as it is where all old sessions are ended after it was taken over', async () => {
    const { take, adoptions, faulty } = arrange();
    const first = await take();
    await adoptions.endAll(SUBJECT_MARK);
    expect(await take()).toEqual(first);
    expect(faulty.calls.has('remove')).toBe(false);
  });

  it('stays that of the first request where the program names another subject later', async () => {
    const { take, sessions, names } = arrange();
    const first = await take();
    const second = await take({ subject: 'grace' });
    expect(second.record).toEqual(first.record);
    expect(await sessions.list('grace')).toEqual([]);
    expect(names()).toEqual(['created']);
  });
});

describe('a taking over that the engine refuses', () => {
  it('evicts the oldest session of the subject, and reports it', async () => {
    const { take, sessions, clock, events } = arrange({
      maxPerSubject: 1,
    });
    const { session } = await sessions.create({ subject: 'ada' });
    clock.advance('1s');
    await take({ authenticatedAt: clock.now() });
    expect(events).toContainEqual([
      'revoked',
      expect.objectContaining({ cause: 'evicted', sid: session.sid, subject: 'ada' }),
    ]);
    expect(await sessions.get(session.sid)).toBeUndefined();
  });

  it('throws where the limit refuses, and takes over once there is room', async () => {
    const { adoptions, contentOf, sessions } = arrange({ maxPerSubject: 1, onLimit: 'reject' });
    const { session } = await sessions.create({ subject: 'ada' });
    await expect(adoptions.adopt(SEED, contentOf())).rejects.toMatchObject({
      code: 'session_limit_reached',
    });
    expect(await adoptions.find(SEED)).toBeUndefined();
    await sessions.revoke(session.sid);
    expect(await adoptions.adopt(SEED, contentOf())).toMatchObject({ kind: 'fresh' });
  });

  it.each([
    ['an empty subject', { subject: '' }, 'invalid_subject'],
    ['data that JSON does not keep', { data: { at: 1n } }, 'invalid_data'],
  ])('throws for %s and stores nothing', async (_name, given, code) => {
    const { adoptions, contentOf } = arrange();
    await expect(adoptions.adopt(SEED, contentOf(given))).rejects.toMatchObject({ code });
    expect(await adoptions.find(SEED)).toBeUndefined();
  });

  it('throws for data that no access token could carry, but not for those of a guest', async () => {
    const { adoptions, contentOf, take } = arrange({ accessToken: createFakeTokens() });
    const data = { huge: true };
    await expect(adoptions.adopt(SEED, contentOf({ data }))).rejects.toMatchObject({
      code: 'invalid_data',
    });
    expect(await take({ data, subject: undefined })).toMatchObject({ kind: 'fresh' });
  });

  it('is spent for good if the old session is over', async () => {
    const { adoptions, contentOf, clock, markOf, names, faulty } = arrange();
    const over = contentOf({ expiresAt: clock.now() });
    expect(await adoptions.adopt(SEED, over)).toEqual({ kind: 'spent' });
    expect((await markOf())?.data.data).toEqual({ sid: '', at: clock.now() });
    expect(await adoptions.adopt(SEED, contentOf())).toEqual({ kind: 'spent' });
    expect(names()).toEqual([]);
    // One read for the mark, and none for a session of an empty id.
    const loads = faulty.calls.get('load') ?? 0;
    await adoptions.find(SEED);
    expect(faulty.calls.get('load')).toBe(loads + 1);
  });

  it('is spent if all sessions of the subject were revoked since its proof', async () => {
    const { adoptions, contentOf, sessions, clock, take, markOf } = arrange();
    const before = contentOf();
    await sessions.revokeAll('ada');
    expect(await adoptions.adopt(SEED, before)).toEqual({ kind: 'spent' });
    expect((await markOf())?.data.data).toMatchObject({ sid: '' });
    expect(await sessions.list('ada')).toEqual([]);
    expect(await adoptions.adopt(seedOf('J'), contentOf({ authenticatedAt: undefined }))).toEqual({
      kind: 'spent',
    });
    clock.advance('1s');
    expect(await take({ authenticatedAt: clock.now() }, seedOf('K'))).toMatchObject({
      kind: 'fresh',
    });
  });

  it('uses the time of the store, also where the local clock is ahead', async () => {
    const behind = createFakeClock();
    const store = memoryStore({ clock: behind });
    const clock = createFakeClock(behind.now() + 30_000);
    const sessions = createSessions({ store, clock });
    const context = contextOf(sessions);
    if (context === undefined) throw new Error('the engine has no context');
    const taken = await createAdoptions(context).adopt(SEED, {
      subject: 'ada',
      data: {},
      device: {},
      isFixed: false,
      persistent: true,
      subjectMark: SUBJECT_MARK,
    });
    expect(taken).toMatchObject({ at: behind.now(), record: { createdAt: behind.now() } });
  });
});

describe('an insert that the store calls revoked', () => {
  /** Refuses the first inserts of sessions, as a store does whose clock was set back. */
  function refusing(times: number) {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const tried: number[] = [];
    const store: SessionStore = {
      ...inner,
      insert: async (record, limit, given) => {
        if (record.data.guest === true) return inner.insert(record, limit, given);
        tried.push(record.createdAt);
        if (tried.length > times) return inner.insert(record, limit, given);
        return { status: 'revoked', revokedBefore: clock.now() + 4, now: clock.now() };
      },
    };
    return { ...arrange({ clock, store }), tried, start: clock.now(), inner };
  }

  it('is tried again after the time that the store names', async () => {
    const { take, tried, start } = refusing(3);
    const { record } = await take();
    expect(tried).toEqual([start, start + 5, start + 5, start + 5]);
    expect(record.createdAt).toBe(start + 5);
  });

  it('is given up after four attempts', async () => {
    const { adoptions, contentOf, tried, inner, markSid } = refusing(4);
    expect(await adoptions.adopt(SEED, contentOf())).toEqual({ kind: 'spent' });
    expect(tried).toHaveLength(4);
    expect((await inner.load(markSid(SEED.mark))).record?.data.data).toMatchObject({ sid: '' });
  });
});

describe('an old credential that comes again', () => {
  const TIMES = { grace: '10s', overlap: '40s', renewAfter: '5m' } as const;

  it('is fresh as long as no token of the new session was presented', async () => {
    const { take, adoptions, clock } = arrange(TIMES);
    const { refreshToken } = await take();
    clock.advance('1h');
    expect(await adoptions.find(SEED)).toMatchObject({ kind: 'fresh', refreshToken });
  });

  it('counts for single requests until the overlap after the token was given out last', async () => {
    const { take, adoptions, clock, present, markOf } = arrange(TIMES);
    const { refreshToken } = await take();
    const givenAt = clock.now();
    clock.advance('19999ms');
    await adoptions.find(SEED);
    expect((await markOf())?.data.data).toMatchObject({ at: givenAt });
    clock.advance('1ms');
    const stamp = (await markOf())?.data.stamp;
    await adoptions.find(SEED);
    const { data } = (await markOf()) as SessionRecord;
    expect(data.data).toMatchObject({ at: givenAt + 20_000 });
    expect(data.stamp).not.toBe(stamp);
    expect(data.stamp).toMatch(/^[\w-]{16}$/);
    await present(refreshToken);
    clock.advance('39999ms');
    expect(await adoptions.find(SEED)).toMatchObject({ kind: 'late', refreshToken });
    expect((await markOf())?.data.data).toMatchObject({ at: givenAt + 20_000 });
    clock.advance('1ms');
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('counts for the grace where that is longer than the overlap', async () => {
    const { take, adoptions, clock, present } = arrange({ grace: '60s', overlap: '10s' });
    await present((await take()).refreshToken);
    clock.advance('59999ms');
    expect(await adoptions.find(SEED)).toMatchObject({ kind: 'late' });
    clock.advance('1ms');
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('counts as long as a refresh with the first token may not have reached the client', async () => {
    const { take, adoptions, clock, sessions } = arrange(TIMES);
    const { refreshToken } = await take();
    clock.advance('1h');
    expect(await sessions.refresh(refreshToken)).toMatchObject({ ok: true });
    expect(await adoptions.find(SEED)).toMatchObject({ kind: 'late', refreshToken });
    clock.advance('1h');
    expect(await adoptions.find(SEED)).toMatchObject({ kind: 'late', refreshToken });
  });

  it('is spent when the successor of the first token was presented after the overlap', async () => {
    const { take, adoptions, clock, sessions, present } = arrange(TIMES);
    const { refreshToken } = await take();
    clock.advance('1h');
    const refreshed = await sessions.refresh(refreshToken);
    if (!refreshed.ok) throw new Error(refreshed.reason);
    await present(refreshed.refreshToken);
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('is spent when the successor was used, also within the grace', async () => {
    const { take, adoptions, clock, sessions } = arrange(TIMES);
    const { refreshToken } = await take();
    clock.advance('1h');
    const first = await sessions.refresh(refreshToken);
    if (!first.ok) throw new Error(first.reason);
    clock.advance('2s');
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ ok: true });
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('is spent two rotations later, once the overlap has passed', async () => {
    const { take, adoptions, clock, sessions } = arrange(TIMES);
    let token = (await take()).refreshToken;
    for (let count = 0; count < 2; count += 1) {
      clock.advance('1h');
      const refreshed = await sessions.refresh(token);
      if (!refreshed.ok) throw new Error(refreshed.reason);
      token = refreshed.refreshToken;
    }
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('shows the session without the newer proof after a re-authentication', async () => {
    const { take, adoptions, clock, sessions } = arrange(TIMES);
    const { record } = await take();
    clock.advance('1s');
    await sessions.elevate(record.sid, { acr: 'mfa' });
    const late = await adoptions.find(SEED);
    expect(late).toMatchObject({
      kind: 'late',
      record: { auth: { authenticatedAt: record.auth.authenticatedAt } },
    });
    expect(late).not.toHaveProperty('record.auth.acr');
    clock.advance('40s');
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('is spent after the end of the session, and never begins another', async () => {
    const { take, adoptions, contentOf, sessions, clock } = arrange(TIMES);
    const { record } = await take();
    clock.advance('1s');
    await sessions.revoke(record.sid);
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
    expect(await adoptions.adopt(SEED, contentOf({ authenticatedAt: clock.now() }))).toEqual({
      kind: 'spent',
    });
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('counts for a guest by the times of guests', async () => {
    const { take, adoptions, clock } = arrange({ idleTtl: '7d' });
    await take({ subject: undefined, data: {} });
    clock.advance('3599999ms');
    expect(await adoptions.find(SEED)).toMatchObject({ kind: 'fresh' });
    clock.advance('1ms');
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });
});

describe('the mark of an old session', () => {
  it('is a guest that no token belongs to', async () => {
    const { take, clock, markOf, markSid } = arrange();
    const { record } = await take();
    const at = clock.now();
    expect(await markOf()).toMatchObject({
      sid: markSid(SEED.mark),
      createdAt: at,
      authVersion: 1,
      dataVersion: 1,
      auth: { access: [], accessCount: -1 },
      data: {
        subject: `guest:${SEED.mark}`,
        device: {},
        data: { sid: record.sid, at },
        guest: true,
        stamp: expect.stringMatching(/^[\w-]{16}$/),
      },
    });
  });

  it.each([
    [
      '15 minutes longer than an old session of a fixed end',
      { expiresAt: 10_000.5, isFixed: true },
      910_000,
    ],
    [
      '400 days where the old session may be prolonged',
      { expiresAt: 10_000, isFixed: false },
      MAX_COOKIE,
    ],
    [
      '400 days where the old session has no end',
      { expiresAt: undefined, isFixed: true },
      MAX_COOKIE,
    ],
  ])('is kept %s', async (_name, { expiresAt, isFixed }, kept) => {
    const { take, clock, markOf } = arrange();
    const now = clock.now();
    await take({ isFixed, expiresAt: expiresAt === undefined ? undefined : now + expiresAt });
    expect((await markOf())?.auth).toMatchObject({
      expiresAt: now + kept,
      absoluteExpiresAt: now + kept,
    });
  });

  it('is shortened to 15 minutes, or the overlap, and never prolonged', async () => {
    const { take, clock, adoptions, markOf } = arrange();
    await adoptions.shorten(SEED);
    expect(await markOf()).toBeUndefined();
    await take();
    await adoptions.shorten(SEED);
    const expiresAt = clock.now() + 900_000;
    expect((await markOf())?.auth).toMatchObject({ expiresAt, absoluteExpiresAt: expiresAt });
    const { authVersion } = (await markOf()) as SessionRecord;
    await adoptions.shorten(SEED);
    clock.advance('1m');
    await adoptions.shorten(SEED);
    expect(await markOf()).toMatchObject({ authVersion, auth: { expiresAt } });
  });

  it('is kept for an overlap that is longer than 15 minutes', async () => {
    const { take, clock, adoptions, markOf } = arrange({
      overlap: '20m',
      renewAfter: '1h',
      accessTtl: '1h',
      idleTtl: '7d',
    });
    await take();
    await adoptions.shorten(SEED);
    expect((await markOf())?.auth.expiresAt).toBe(clock.now() + 1_200_000);
  });
});

describe('a mark that the store has lost', () => {
  /** Marks are written, and never found. */
  function losing() {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const store: SessionStore = {
      ...inner,
      load: async (sid) => {
        const { record, now } = await inner.load(sid);
        return { now, record: record?.data.stamp === undefined ? record : undefined };
      },
      insert: vi.fn(inner.insert),
      remove: vi.fn(inner.remove),
    };
    return { ...arrange({ clock, store }), store };
  }

  it('makes an adoption end what it has just stored', async () => {
    const { adoptions, contentOf, sessions } = losing();
    expect(await adoptions.adopt(SEED, contentOf())).toEqual({ kind: 'spent' });
    expect(await sessions.list('ada')).toEqual([]);
  });

  it('leaves nothing to end', async () => {
    const { adoptions, store } = losing();
    await adoptions.end(SEED, async () => ({ isFixed: false }));
    expect(store.remove).not.toHaveBeenCalled();
  });

  it('makes the end of all old sessions fail', async () => {
    const { adoptions, store } = losing();
    await expect(adoptions.endAll(SUBJECT_MARK)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(store.insert).toHaveBeenCalledTimes(4);
  });
});

describe('the end of an old session', () => {
  it('ends the session that took its place, with one event', async () => {
    const { take, adoptions, sessions, events, names } = arrange();
    const { record } = await take();
    const readOld = vi.fn();
    await adoptions.end(SEED, readOld);
    expect(names()).toEqual(['created', 'revoked']);
    await adoptions.end(SEED, readOld);
    expect(readOld).not.toHaveBeenCalled();
    expect(await sessions.get(record.sid)).toBeUndefined();
    expect(events.slice(1)).toEqual([
      ['revoked', expect.objectContaining({ cause: 'logout', sid: record.sid })],
    ]);
    expect(await adoptions.find(SEED)).toEqual({ kind: 'spent' });
  });

  it('lets nothing take the place of one that was not taken over', async () => {
    const { adoptions, contentOf, markOf, clock, names, sessions } = arrange();
    const expiresAt = clock.now() + 10_000;
    await adoptions.end(SEED, async () => ({ expiresAt, isFixed: true }));
    expect(await markOf()).toMatchObject({
      auth: { expiresAt: expiresAt + 900_000 },
      data: { data: { sid: '', at: clock.now() } },
    });
    expect(await adoptions.adopt(SEED, contentOf())).toEqual({ kind: 'spent' });
    expect(await sessions.list('ada')).toEqual([]);
    expect(names()).toEqual([]);
  });

  it('stores nothing where there is no old session', async () => {
    const { adoptions, markOf } = arrange();
    await adoptions.end(SEED, async () => undefined);
    expect(await markOf()).toBeUndefined();
  });

  it('wins over an adoption that runs at the same time', async () => {
    const { adoptions, contentOf, sessions, faulty } = arrange();
    const [taken] = await Promise.all([
      adoptions.adopt(SEED, contentOf()),
      adoptions.end(SEED, async () => ({ isFixed: false })),
    ]);
    expect(taken).toEqual({ kind: 'spent' });
    expect(await sessions.list('ada')).toEqual([]);
    expect(faulty.calls.get('remove')).toBe(1);
  });
});

describe('the end of all old sessions of a subject', () => {
  it('is remembered for 400 days, and moved on by each later one', async () => {
    const { adoptions, clock, markOf, faulty } = arrange();
    await adoptions.endAll(SUBJECT_MARK);
    const first = clock.now();
    expect(await markOf(SUBJECT_MARK)).toMatchObject({
      auth: { expiresAt: first + MAX_COOKIE },
      data: { data: { sid: '', at: first } },
    });
    clock.advance('1m');
    await adoptions.endAll(SUBJECT_MARK);
    expect((await markOf(SUBJECT_MARK))?.data.data).toEqual({ sid: '', at: first + 60_000 });
    expect(faulty.calls.get('insert')).toBe(2);
  });

  it('refuses sessions that were authenticated before or in the same millisecond', async () => {
    const { adoptions, contentOf, clock, take } = arrange();
    await adoptions.endAll(SUBJECT_MARK);
    const at = clock.now();
    clock.advance('1h');
    expect(await adoptions.adopt(SEED, contentOf({ authenticatedAt: at }))).toEqual({
      kind: 'spent',
    });
    expect(await adoptions.adopt(seedOf('J'), contentOf({ authenticatedAt: undefined }))).toEqual({
      kind: 'spent',
    });
    expect(await take({ authenticatedAt: at + 1 }, seedOf('K'))).toMatchObject({ kind: 'fresh' });
    // A guest belongs to no subject.
    const guest = { subject: undefined, data: {}, authenticatedAt: at };
    expect(await take(guest, seedOf('L'))).toMatchObject({
      kind: 'fresh',
    });
  });

  it('fails where four writes in a row meet another one', async () => {
    const clock = createFakeClock();
    const inner = memoryStore({ clock });
    const replaceData = vi.fn<SessionStore['replaceData']>(async (sid) => {
      const { record, now } = await inner.load(sid);
      if (record === undefined) return { status: 'absent', now };
      return { status: 'conflict', record, now };
    });
    const { adoptions } = arrange({ clock, store: { ...inner, replaceData } });
    await adoptions.endAll(SUBJECT_MARK);
    expect(replaceData).not.toHaveBeenCalled();
    clock.advance('1m');
    await expect(adoptions.endAll(SUBJECT_MARK)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(replaceData).toHaveBeenCalledTimes(4);
  });
});
