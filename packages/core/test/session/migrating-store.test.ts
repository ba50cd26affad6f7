import { createSessions, type SessionsOptions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { arrange, settle } from './arrange.js';

type Migrate = NonNullable<SessionsOptions['migrate']>;

/** An engine of a later version, on the store of an earlier one, and two sessions. */
async function upgrade(migrate: Migrate, options: SessionsOptions = {}) {
  const { clock, faulty, sessions: earlier } = arrange();
  const kept = await earlier.create({ subject: 'ada', data: { handle: 'kept' } });
  const left = await earlier.create({ subject: 'ada', data: { handle: 'left' } });
  const later = arrange({ store: faulty.store, clock, migrate, ...options });
  return { ...later, store: faulty, kept, left };
}

const withoutLeft: Migrate = (data) =>
  (data as { readonly handle?: string }).handle === 'left'
    ? undefined
    : (data as Record<string, unknown>);

describe('data that is migrated', () => {
  it('is left out of a list, and its session ends, when there is none any more', async () => {
    const { sessions, kept, left, events, logger } = await upgrade(withoutLeft);
    const sids = (await sessions.list('ada')).map(({ sid }) => sid);
    expect(sids).toEqual([kept.session.sid]);
    await settle();
    const { sid } = left.session;
    expect(events).toEqual([['revoked', { cause: 'refused', sid, subject: 'ada' }]]);
    expect(logger.lines).toEqual([
      {
        level: 'info',
        fields: { sid, cause: 'refused' },
        message: 'session revoked: migrate returned no data',
      },
    ]);
    expect(await sessions.list('ada')).toHaveLength(1);
    await settle();
    expect(events).toHaveLength(1);
  });

  it('is reported once if two reads end the session', async () => {
    const { sessions, left, events } = await upgrade(withoutLeft);
    const { sid } = left.session;
    expect(await Promise.all([sessions.get(sid), sessions.get(sid)])).toEqual([
      undefined,
      undefined,
    ]);
    await settle();
    expect(events).toHaveLength(1);
  });

  it('is converted once for the same record, and stays frozen', async () => {
    let calls = 0;
    const { sessions, kept } = await upgrade((data) => {
      calls += 1;
      return { ...(data as object), tenant: { id: 1 } };
    });
    for (let count = 0; count < 3; count += 1) {
      const result = await sessions.verify(kept.accessToken);
      if (!result.ok) throw new Error(result.reason);
      expect(result.session.data).toEqual({ handle: 'kept', tenant: { id: 1 } });
      expect(Object.isFrozen((result.session.data as { tenant: object }).tenant)).toBe(true);
    }
    expect(calls).toBe(1);
  });

  it('that is returned as it is, is the stored object', async () => {
    const { sessions, kept, store } = await upgrade((data) => data as Record<string, unknown>);
    const { sid } = kept.session;
    const session = await sessions.get(sid);
    expect(session?.data).toBe((await store.store.load(sid)).record?.data.data);
  });

  it('that migrate cannot convert is a failure of the server, with its cause', async () => {
    const cause = new RangeError('version 3');
    const { sessions, kept, logger } = await upgrade(() => {
      throw cause;
    });
    const { sid } = kept.session;
    await expect(sessions.get(sid)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'migrate failed. See the cause.',
      cause,
    });
    expect(logger.lines[0]).toEqual({
      level: 'error',
      fields: { sid, error: { name: 'RangeError', message: 'version 3' } },
      message: 'migrate failed',
    });
  });

  it('that cannot be converted is logged with the session and the error', async () => {
    const { sessions, kept, logger } = await upgrade(() => {
      throw new Error('no tenant');
    });
    await expect(sessions.get(kept.session.sid)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    const { sid } = kept.session;
    expect(logger.lines).toEqual([
      {
        level: 'error',
        fields: { sid, error: expect.objectContaining({ message: 'no tenant' }) },
        message: 'migrate failed',
      },
    ]);
  });

  it('that does not fit the schema is logged with the session and the error', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: () => ({ issues: [{ message: 'missing', path: ['tenant'] }] }),
      },
    };
    const { sessions: earlier, clock, faulty } = arrange();
    const { session } = await earlier.create({ subject: 'ada', data: { handle: 'kept' } });
    const later = arrange({ store: faulty.store, clock, data: schema as never });
    expect((await later.sessions.get(session.sid))?.data).toEqual({ handle: 'kept' });
    expect(later.logger.lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        fields: { sid: session.sid, error: expect.objectContaining({ code: 'invalid_data' }) },
      }),
    ]);
  });

  it('is that of the record which a conflict returns, too', async () => {
    const seen: unknown[] = [];
    const { sessions, store, clock, kept } = await upgrade((data) => ({
      tenant: 'x',
      ...(data as object),
    }));
    const { sid } = kept.session;
    let isFirst = true;
    await sessions.update(sid, (data) => {
      seen.push(data);
      if (isFirst) {
        isFirst = false;
        void store.store.load(sid).then(({ record }) => {
          if (record === undefined) throw new Error('the session is gone');
          const write = { notAfter: clock.now() + 1_000, operation: 'beside' };
          const part = { ...record.data, data: { handle: 'changed' } };
          return store.store.replaceData(sid, record.dataVersion, part, write);
        });
      }
      return { ...(data as object), seen: true };
    });
    expect(seen.at(-1)).toEqual({ handle: 'changed', tenant: 'x' });
    expect(seen).toHaveLength(2);
  });
});

it('data that is migrated is read from memory without a promise', async () => {
  const sessions = createSessions({ migrate: (data) => data as object, logger: silentLogger });
  const { accessToken } = await sessions.create({ subject: 'ada' });
  expect(sessions.verify(accessToken)).toMatchObject({ ok: true });
});
