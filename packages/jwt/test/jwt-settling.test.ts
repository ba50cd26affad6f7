import { describe, expect, it } from 'vitest';
import { arrangeJwt, good, settle } from './engines.js';

/** A session whose refresh token was spent once, on an engine that has not seen what it became. */
async function arrange(revocation: 'none' | 'denylist') {
  const arranged = arrangeJwt({ tokens: { revocation } });
  const { sessions, faulty } = arranged;
  const first = await sessions.create({ subject: 'ada' });
  const second = good(await sessions.refresh(first.refreshToken));
  const count = (operation: string): number => faulty.calls.get(operation) ?? 0;
  return { ...arranged, first, second, count };
}

describe.each(['none', 'denylist'] as const)('a step is settled, revocation: %s', (revocation) => {
  it('in the background at the first sight of its token, and once a rotation', async () => {
    const { sessions, second, count } = await arrange(revocation);
    const before = { load: count('load'), replaceAuth: count('replaceAuth') };
    for (let time = 0; time < 5; time += 1) await sessions.verify(second.accessToken);
    await settle();
    for (let time = 0; time < 5; time += 1) await sessions.verify(second.accessToken);
    await settle();
    expect(count('load') - before.load).toBe(1);
    expect(count('replaceAuth') - before.replaceAuth).toBe(1);
    const third = good(await sessions.refresh(second.refreshToken));
    const later = { load: count('load'), replaceAuth: count('replaceAuth') };
    await sessions.verify(third.accessToken);
    await settle();
    await sessions.verify(third.accessToken);
    await settle();
    expect(count('load') - later.load).toBe(1);
    expect(count('replaceAuth') - later.replaceAuth).toBe(1);
  });

  it('so that the token before is reuse after its grace, and was none until then', async () => {
    const { sessions, first, second, clock } = await arrange(revocation);
    clock.advance('1m');
    expect(await sessions.refresh(first.refreshToken)).toMatchObject({ ok: true });
    await sessions.verify(second.accessToken);
    await settle();
    clock.advance('10s');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });

  it('not by an earlier token, and not by one of a session that has just begun', async () => {
    const { sessions, first, count } = await arrange(revocation);
    const fresh = await sessions.create({ subject: 'bob' });
    const before = count('replaceAuth');
    await sessions.verify(first.accessToken);
    await sessions.verify(fresh.accessToken);
    await settle();
    expect(count('replaceAuth')).toBe(before);
  });

  it('at the next sight, when the store failed at the first', async () => {
    const { sessions, second, faulty, first, clock } = await arrange(revocation);
    faulty.fail('replaceAuth');
    expect(await sessions.verify(second.accessToken)).toMatchObject({ ok: true });
    await settle();
    faulty.heal();
    await sessions.verify(second.accessToken);
    await settle();
    clock.advance('10s');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });

  it('at the next sight, when another write came first', async () => {
    const { sessions, another, second, faulty, first, clock } = await arrange(revocation);
    const { replaceAuth } = faulty.store;
    let isFirst = true;
    Object.assign(faulty.store, {
      replaceAuth: async (...given: Parameters<typeof replaceAuth>) => {
        const mine = isFirst;
        isFirst = false;
        // Somebody presents the token before, in another process.
        if (mine) await another().refresh(first.refreshToken);
        return replaceAuth(...given);
      },
    });
    const engine = another();
    await engine.verify(second.accessToken);
    await settle();
    await engine.verify(second.accessToken);
    await settle();
    clock.advance('10s');
    expect(await sessions.refresh(first.refreshToken)).toEqual({ ok: false, reason: 'reused' });
  });
});
