import { describe, expect, it } from 'vitest';
import { arrange } from './arrange.js';

type Options = Parameters<typeof arrange>[0];
/** A schema that requires a member. */
const requires = (name: string) => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: object) =>
      name in value ? { value } : { issues: [{ message: 'missing', path: [name] }] },
  },
});

async function upgraded() {
  const { clock, faulty, sessions: earlier } = arrange();
  const { session } = await earlier.create({ subject: 'ada', data: { handle: 'ada' } });
  const later = arrange({ store: faulty.store, clock, data: requires('tenant') } as Options);
  return { ...later, sid: session.sid };
}

describe('an update', () => {
  it('with an object writes no stamp, since it has one effect however often it is written', async () => {
    const { sessions, faulty } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    await sessions.update(session.sid, { theme: 'dark' });
    expect((await faulty.store.load(session.sid)).record?.data).not.toHaveProperty('stamp');
    await sessions.update(session.sid, () => ({ theme: 'light' }));
    expect((await faulty.store.load(session.sid)).record?.data.stamp).toMatch(/^[\w-]{12}$/);
  });

  it.each([
    ['an array', []],
    ['text', 'x'],
    ['nothing', undefined],
    ['a date', new Date(0)],
  ])('with %s as its patch is refused before anything is read', async (_name, patch) => {
    const { sessions } = arrange();
    const { session } = await sessions.create({ subject: 'ada' });
    const refused = {
      code: 'invalid_data',
      message: 'A patch must be a plain object or a function.',
    };
    for (const sid of [session.sid, 'no sid', 'S'.repeat(32)]) {
      await expect(sessions.update(sid, patch as never)).rejects.toMatchObject(refused);
      await expect(sessions.elevate(sid, { data: patch ?? null } as never)).rejects.toMatchObject({
        code: 'invalid_data',
      });
    }
    await expect(sessions.updateAll('ada', patch as never)).rejects.toMatchObject(refused);
    await expect(sessions.updateAll('absent', patch as never)).rejects.toMatchObject(refused);
  });

  it('of all sessions is refused without a valid subject', async () => {
    const { sessions } = arrange();
    for (const subject of ['', 5, undefined]) {
      await expect(sessions.updateAll(subject as never, {})).rejects.toMatchObject({
        code: 'invalid_subject',
      });
    }
  });

  it('blames a patch for data that does not fit, if the stored data does', async () => {
    const { sessions } = arrange({ data: requires('tenant') } as Options);
    const { session } = await sessions.create({ subject: 'ada', data: { tenant: 'x' } });
    await expect(sessions.update(session.sid, () => ({}))).rejects.toMatchObject({
      code: 'invalid_data',
    });
  });

  it('by an object is a failure of the server if the stored data does not fit, and names that', async () => {
    const { sessions, sid, logger, events } = await upgraded();
    await expect(sessions.update(sid, { theme: 'dark' })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: 'The stored data does not fit the schema or the claims. See the cause.',
      cause: { code: 'invalid_data' },
    });
    const error = expect.objectContaining({ code: 'invalid_data' });
    expect(logger.lines.at(-1)).toEqual({
      level: 'error',
      fields: { sid, error },
      message: 'the stored data does not fit the schema or the claims',
    });
    expect(events.at(-1)).toEqual(['store-error', { operation: 'issue', error }]);
  });

  it('by a function is refused for its own fault', async () => {
    const { sessions, sid } = await upgraded();
    await expect(sessions.update(sid, (data) => data)).rejects.toMatchObject({
      code: 'invalid_data',
    });
    expect((await sessions.update(sid, () => ({ tenant: 'x' })))?.data).toEqual({ tenant: 'x' });
  });
});
