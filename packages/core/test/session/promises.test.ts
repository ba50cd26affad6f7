import { createHook } from 'node:async_hooks';
import { createSessions, type Issued, memoryStore } from '@sess/core';
import { createFakeClock, silentLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';

/** Returns how many promises one warm run of `work` creates. */
async function countPromises(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_, type) {
      if (type === 'PROMISE') count += 1;
    },
  });
  await work();
  hook.enable();
  const pending = work();
  await pending;
  hook.disable();
  return count;
}

describe('promises of an operation in memory, each of which is a turn of the queue and garbage', () => {
  async function arrange() {
    const clock = createFakeClock();
    const sessions = createSessions({ clock, logger: silentLogger, store: memoryStore({ clock }) });
    const issued: Issued[] = [];
    for (let n = 0; n < 2; n += 1) issued.push(await sessions.create({ subject: `user-${n}` }));
    const next = (): Issued => issued.pop() ?? expect.unreachable('no session is left');
    return { sessions, next };
  }

  it('a sign-in creates at most 8 promises', async () => {
    const { sessions } = await arrange();
    expect(await countPromises(() => sessions.create({ subject: 'ada' }))).toBeLessThanOrEqual(8);
  });

  it('a revocation creates at most 6 promises', async () => {
    const { sessions, next } = await arrange();
    expect(await countPromises(() => sessions.revoke(next().session.sid))).toBeLessThanOrEqual(6);
  });

  it('a refresh creates at most 22 promises', async () => {
    const { sessions, next } = await arrange();
    const refresh = () => sessions.refresh(next().refreshToken);
    expect(await countPromises(refresh)).toBeLessThanOrEqual(22);
  });
});
