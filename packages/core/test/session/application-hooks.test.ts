import {
  createSessions,
  memoryStore,
  type SessionsOptions,
  StoreUnavailableError,
} from '@sess/core';
import { describe, expect, it } from 'vitest';
import { arrange } from './arrange.js';

async function refreshed(sessions: ReturnType<typeof arrange>['sessions'], token: string) {
  const result = await sessions.refresh(token);
  if (!result.ok) throw new Error(`refresh was rejected: ${result.reason}`);
  return result;
}

describe('onRefresh', () => {
  it('is awaited with the session before a rotation, and not for a replay', async () => {
    const seen: string[] = [];
    const { sessions } = arrange({ onRefresh: async ({ subject }) => void seen.push(subject) });
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await refreshed(sessions, refreshToken);
    await refreshed(sessions, refreshToken);
    expect(seen).toEqual(['ada']);
  });

  it('ends the session with the cause refused when it returns false', async () => {
    const { sessions, events } = arrange({ onRefresh: () => false });
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    const { sid } = session;
    expect(await sessions.refresh(refreshToken)).toEqual({ ok: false, reason: 'revoked' });
    expect(await sessions.get(sid)).toBeUndefined();
    expect(events).toContainEqual(['revoked', { cause: 'refused', sid, subject: 'ada' }]);
    expect(events.map(([name]) => name)).not.toContain('reuse');
  });

  it('is a failure of the store when it throws, and leaves the session alive', async () => {
    let isDown = true;
    const { sessions, logger } = arrange({
      async onRefresh() {
        if (isDown) throw new Error('the directory is down');
        return undefined;
      },
    });
    const { refreshToken } = await sessions.create({ subject: 'ada' });
    await expect(sessions.refresh(refreshToken)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'onRefresh failed' }),
    );
    isDown = false;
    await refreshed(sessions, refreshToken);
  });

  it('keeps the data where it returns null, and passes on an error of a store', async () => {
    let result: null | Error = null;
    const { sessions } = arrange({
      onRefresh: () => {
        if (result !== null) throw result;
        return result as never;
      },
    });
    const { refreshToken } = await sessions.create({ subject: 'ada', data: { role: 'user' } });
    const next = await refreshed(sessions, refreshToken);
    expect(next.session.data).toEqual({ role: 'user' });
    result = new StoreUnavailableError('The directory is down.');
    await expect(sessions.refresh(next.refreshToken)).rejects.toBe(result);
  });

  it('replaces the data by an object that it returns', async () => {
    const { sessions } = arrange({ onRefresh: () => ({ role: 'admin' }) });
    const { refreshToken, session } = await sessions.create({
      subject: 'ada',
      data: { role: 'user', theme: 'dark' },
    });
    expect((await refreshed(sessions, refreshToken)).session.data).toEqual({ role: 'admin' });
    expect((await sessions.get(session.sid))?.data).toEqual({ role: 'admin' });
  });

  it('changes the data in the write of the rotation, or not at all', async () => {
    const { sessions, faulty } = arrange({ onRefresh: () => ({ role: 'admin' }) });
    const { refreshToken, session } = await sessions.create({
      subject: 'ada',
      data: { role: 'user' },
    });
    faulty.fail('replaceAuth');
    await expect(sessions.refresh(refreshToken)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect((await sessions.get(session.sid))?.data).toEqual({ role: 'user' });
    faulty.heal();
    await refreshed(sessions, refreshToken);
    expect(faulty.calls.has('replaceData')).toBe(false);
    expect((await sessions.get(session.sid))?.data).toEqual({ role: 'admin' });
  });

  it('is asked again with the data of a patch that was written in the meantime', async () => {
    const seen: object[] = [];
    let isFirst = true;
    const { sessions } = arrange({
      async onRefresh({ sid, data }) {
        seen.push(data);
        if (isFirst) {
          isFirst = false;
          await sessions.update(sid, { theme: 'dark' });
        }
        return { ...data, role: 'admin' };
      },
    });
    const { refreshToken, session } = await sessions.create({ subject: 'ada' });
    await refreshed(sessions, refreshToken);
    expect(seen).toEqual([{}, { theme: 'dark' }]);
    const data = { theme: 'dark', role: 'admin' };
    expect((await sessions.get(session.sid))?.data).toEqual(data);
  });
});

describe('migrate', () => {
  /** An engine of a later version, on the store of an earlier one. */
  async function upgraded(migrate: NonNullable<SessionsOptions['migrate']>) {
    const { clock, faulty, ...earlier } = arrange();
    const issued = await earlier.sessions.create({ subject: 'ada', data: { handle: 'ada' } });
    const later = arrange({ store: faulty.store, clock, migrate });
    return { issued, sid: issued.session.sid, ...later };
  }

  it('brings data to the current shape in every read, and an update writes it', async () => {
    const { sessions, issued, sid } = await upgraded(
      (data) => ({ tenant: 'x', ...data }) as Record<string, unknown>,
    );
    const data = { tenant: 'x', handle: 'ada' };
    expect(await sessions.verify(issued.accessToken)).toMatchObject({
      ok: true,
      session: { data },
    });
    expect((await sessions.get(sid))?.data).toEqual(data);
    expect((await sessions.list('ada'))[0]?.data).toEqual(data);
    expect((await refreshed(sessions, issued.refreshToken)).session.data).toEqual(data);
    expect((await sessions.update(sid, { theme: 'dark' }))?.data).toEqual({
      ...data,
      theme: 'dark',
    });
  });

  it('ends the session when it returns undefined, so that the user can sign in again', async () => {
    const { sessions, issued, sid, events } = await upgraded(() => undefined);
    expect(await sessions.verify(issued.accessToken)).toEqual({ ok: false, reason: 'unknown' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toContainEqual(['revoked', { cause: 'refused', sid, subject: 'ada' }]);
  });

  it('is a failure of the store when it throws, and the session stays', async () => {
    let isBroken = true;
    const { sessions, issued, logger } = await upgraded((data) => {
      if (isBroken) throw new Error('bug');
      return data as Record<string, unknown>;
    });
    await expect((async () => sessions.verify(issued.accessToken))()).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(logger.lines[0]).toMatchObject({ level: 'error', message: 'migrate failed' });
    isBroken = false;
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
  });
});

describe('a schema that is newer than stored data', () => {
  type Validate = (value: object) => unknown;

  /** An engine whose schema has changed, on the store of an earlier one. */
  async function withSchema(validate: Validate, others: Partial<SessionsOptions> = {}) {
    const { clock, faulty, ...earlier } = arrange();
    const issued = await earlier.sessions.create({ subject: 'ada', data: { handle: 'ada' } });
    const data = { '~standard': { version: 1, vendor: 'test', validate } };
    const later = arrange({ store: faulty.store, clock, data, ...others } as SessionsOptions);
    return { issued, sid: issued.session.sid, earlier, ...later };
  }
  const withDefaults: Validate = (value) => ({ value: { theme: 'light', ...value } });
  const refusing: Validate = () => ({ issues: [{ message: 'missing', path: ['tenant'] }] });

  it('gives the data its defaults in every read, and an update writes them', async () => {
    const { sessions, issued, sid, earlier } = await withSchema(withDefaults);
    const data = { theme: 'light', handle: 'ada' };
    expect(await sessions.verify(issued.accessToken)).toMatchObject({ session: { data } });
    expect((await sessions.get(sid))?.data).toEqual(data);
    expect((await sessions.list('ada'))[0]?.data).toEqual(data);
    expect((await refreshed(sessions, issued.refreshToken)).session.data).toEqual(data);
    await sessions.update(sid, { a: 1 });
    expect((await earlier.sessions.get(sid))?.data).toEqual({ ...data, a: 1 });
  });

  it('runs once for each stored data', async () => {
    let runs = 0;
    const { sessions, issued } = await withSchema((value) => {
      runs += 1;
      return withDefaults(value);
    });
    for (let n = 0; n < 5; n += 1) await sessions.verify(issued.accessToken);
    expect(runs).toBe(1);
  });

  it('does not sign out a user whose data it refuses: the data stays as it is, with a warning', async () => {
    const { sessions, issued, logger } = await withSchema(refusing);
    expect(await sessions.verify(issued.accessToken)).toMatchObject({
      ok: true,
      session: { data: { handle: 'ada' } },
    });
    expect(logger.lines).toMatchObject([
      { level: 'warn', message: expect.stringContaining('option migrate') },
    ]);
  });

  it('leaves the data as it is if it is asynchronous, also where it rejects', async () => {
    const { sessions, issued, logger } = await withSchema(async () => {
      throw new Error('the schema is away');
    });
    expect(await sessions.verify(issued.accessToken)).toMatchObject({
      ok: true,
      session: { data: { handle: 'ada' } },
    });
    expect(logger.lines).toEqual([]);
  });

  it('completes the result of migrate, and makes one that it refuses a failure of the server', async () => {
    const migrate = () => ({ tenant: 'x' });
    const complete = await withSchema(withDefaults, { migrate });
    expect((await complete.sessions.get(complete.sid))?.data).toEqual({
      theme: 'light',
      tenant: 'x',
    });
    const refused = await withSchema(refusing, { migrate });
    await expect(refused.sessions.get(refused.sid)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});

describe('data that was written before the schema changed', () => {
  it('is not blamed on a patch: the update is a failure of the server, with a log line', async () => {
    const { clock, faulty, ...earlier } = arrange();
    const { session } = await earlier.sessions.create({ subject: 'ada', data: { handle: 'ada' } });
    const data = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          'tenant' in (value as object)
            ? { value: value as object }
            : { issues: [{ message: 'missing', path: ['tenant'] }] },
      },
    } as const;
    const later = arrange({ store: faulty.store, clock, data } as SessionsOptions);
    await expect(later.sessions.update(session.sid, { theme: 'dark' })).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(later.logger.lines.some(({ level }) => level === 'error')).toBe(true);
    await expect(later.sessions.create({ subject: 'bob' })).rejects.toMatchObject({
      code: 'invalid_data',
    });
  });
});

describe('updateAll', () => {
  it('updates every live session of the subject, and no other', async () => {
    const { sessions } = arrange();
    await sessions.create({ subject: 'ada', data: { theme: 'dark' } });
    await sessions.create({ subject: 'ada' });
    await sessions.create({ subject: 'bob' });
    expect(await sessions.updateAll('ada', { role: 'admin' })).toBe(2);
    expect((await sessions.list('ada')).map(({ data }) => data)).toEqual(
      expect.arrayContaining([{ theme: 'dark', role: 'admin' }, { role: 'admin' }]),
    );
    expect((await sessions.list('bob'))[0]?.data).toEqual({});
  });
});

describe('the note of a revocation', () => {
  it('appears in the event and in the log', async () => {
    const { sessions, events, logger } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const note = { by: 'admin-7', reason: 'stolen phone' };
    expect(await sessions.revoke(session.sid, note)).toBe(true);
    expect(events.at(-1)).toEqual(['revoked', { cause: 'revoke', sid: session.sid, ...note }]);
    expect(logger.lines.at(-1)?.fields).toMatchObject(note);
  });

  it.each([{ by: 7 }, { because: 'x' }])('%o is refused', async (note) => {
    const { sessions } = arrange();
    await expect(sessions.revoke('x', note as never)).rejects.toThrow(TypeError);
  });
});

describe('a proof', () => {
  it('from before a revoke-all does not sign in, and one from after it does', async () => {
    const { sessions, clock } = arrange();
    const provenAt = sessions.clock.now();
    clock.advance('1s');
    await sessions.revokeAll('ada');
    clock.advance('1s');
    await expect(sessions.create({ subject: 'ada', provenAt })).rejects.toMatchObject({
      code: 'proof_too_old',
    });
    expect(await sessions.list('ada')).toEqual([]);
    await sessions.create({ subject: 'ada', provenAt: sessions.clock.now() });
    expect(await sessions.list('ada')).toHaveLength(1);
  });

  it('of 15 minutes ago does not sign in, because no mark is kept for longer', async () => {
    const { sessions, clock } = arrange();
    const provenAt = sessions.clock.now();
    clock.advance('899999ms');
    await sessions.create({ subject: 'ada', provenAt });
    clock.advance('1ms');
    await expect(sessions.create({ subject: 'ada', provenAt })).rejects.toMatchObject({
      code: 'proof_too_old',
      status: 401,
    });
  });

  it.each([Number.NaN, '5', null])('%o is refused as a mistake of the caller', async (provenAt) => {
    const { sessions } = arrange();
    await expect(
      sessions.create({ subject: 'ada', provenAt: provenAt as never }),
    ).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('a namespace', () => {
  it('keeps two applications on one store apart', async () => {
    const store = memoryStore();
    const shop = createSessions({ store, namespace: 'shop' });
    const blog = createSessions({ store, namespace: 'blog' });
    const { session } = await shop.create({ subject: 'ada' });
    expect(await blog.list('ada')).toEqual([]);
    expect(await blog.revokeAll('ada')).toBe(0);
    expect(await shop.get(session.sid)).toBeDefined();
  });
});

describe('signing out with a spent token', () => {
  it('ends the session and raises the alarm', async () => {
    const { sessions, clock, events } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    const second = await refreshed(sessions, first.refreshToken);
    await sessions.verify(second.accessToken);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance('1m');
    expect(await sessions.end({ refreshToken: first.refreshToken })).toBe(true);
    expect(events.map(([name]) => name)).toContain('reuse');
  });

  it('within the grace is an ordinary sign-out', async () => {
    const { sessions, names } = arrange();
    const first = await sessions.create({ subject: 'ada' });
    await refreshed(sessions, first.refreshToken);
    expect(await sessions.end({ refreshToken: first.refreshToken })).toBe(true);
    expect(names()).not.toContain('reuse');
  });
});
