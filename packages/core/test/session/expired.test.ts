import { expect, it } from 'vitest';
import { arrange } from './arrange.js';

const WRITES = ['replaceAuth', 'replaceData', 'remove'] as const;

/** A session with a millisecond left, in a store that shows it longer than it lives. */
async function arrangeOld() {
  const { sessions, clock, faulty } = arrange({ idleTtl: '1h' });
  const { session, accessToken, refreshToken } = await sessions.create({ subject: 'ada' });
  clock.advance('3599999ms');
  return {
    sessions,
    sid: session.sid,
    tokens: { accessToken, refreshToken },
    writes: () => WRITES.filter((operation) => faulty.calls.has(operation)),
    pass: () => clock.advance('1ms'),
  };
}

it('a session lives to its last millisecond', async () => {
  const { sessions, sid, writes } = await arrangeOld();
  expect(await sessions.get(sid)).toBeDefined();
  expect(await sessions.update(sid, { a: 1 })).toMatchObject({ data: { a: 1 } });
  expect(await sessions.elevate(sid)).toBeDefined();
  expect(writes()).toEqual(['replaceAuth', 'replaceData']);
});

it('an expired session is absent for get, update and elevate, and is not written', async () => {
  const { sessions, sid, writes, pass } = await arrangeOld();
  pass();
  const unasked = () => expect.unreachable('the data of a session that is over') as never;
  expect(await sessions.get(sid)).toBeUndefined();
  expect(await sessions.update(sid, unasked)).toBeUndefined();
  expect(await sessions.elevate(sid)).toBeUndefined();
  expect(writes()).toEqual([]);
});

it('a session that is over is not ended again by its tokens', async () => {
  const { sessions, tokens, writes, pass } = await arrangeOld();
  pass();
  expect(await sessions.end(tokens)).toBe(false);
  expect(await sessions.refresh(tokens.refreshToken)).toEqual({ ok: false, reason: 'expired' });
  expect(writes()).toEqual([]);
});
