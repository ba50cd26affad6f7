import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { toVerify, toVerifyAtOnce } from '../src/at-once.js';
import { createSessions, memoryStore, type VerifyResult } from '../src/index.js';

const UNKNOWN: VerifyResult<object> = { ok: false, reason: 'unknown' };

async function arrange() {
  const clock = createFakeClock();
  const sessions = createSessions({ clock, logger: silentLogger, store: memoryStore({ clock }) });
  const { accessToken } = await sessions.create({ subject: 'ada' });
  return { sessions, accessToken };
}

describe('a verification at once', () => {
  it('of a token that is in memory is no promise', async () => {
    const { sessions, accessToken } = await arrange();
    const answer = toVerifyAtOnce(sessions)(accessToken);
    expect(answer).not.toBeInstanceOf(Promise);
    expect(answer).toEqual(await sessions.verify(accessToken));
  });

  it('of what has to be looked up is one', async () => {
    const { sessions, accessToken } = await arrange();
    const end = accessToken.endsWith('AA') ? 'QA' : 'AA';
    const answer = toVerifyAtOnce(sessions)(`${accessToken.slice(0, -2)}${end}`);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toEqual(UNKNOWN);
  });

  it('does not pass by whoever wraps an engine to watch it', async () => {
    const { sessions, accessToken } = await arrange();
    const seen: string[] = [];
    const watched = {
      ...sessions,
      verify(token: string) {
        expect(this).toBe(watched);
        seen.push(token);
        return sessions.verify(token);
      },
    };
    expect(await toVerifyAtOnce(watched)(accessToken)).toMatchObject({ ok: true });
    expect(seen).toEqual([accessToken]);
  });

  it('by what callers know is always a promise, also of what is thrown', async () => {
    expect(toVerify(() => UNKNOWN)('any')).toBeInstanceOf(Promise);
    expect(await toVerify(async () => UNKNOWN)('any')).toBe(UNKNOWN);
    const broken = toVerify(() => {
      throw new RangeError('broken');
    });
    await expect(broken('any')).rejects.toThrow(RangeError);
  });
});
