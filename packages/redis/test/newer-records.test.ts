import { createSessions, type Issued, StoreUnavailableError } from '@sess/core';
import { redisStore } from '@sess/redis';
import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { useRedis, useServer } from './denylist/help.js';

/** An engine beside a newer one, as in a rolling deploy or after a rollback. */
async function open(options: { maxPerSubject?: number; onLimit?: 'reject' } = {}) {
  const server = await useServer();
  const logger = createMemoryLogger();
  const sessions = createSessions({
    store: redisStore(await useRedis(server.url)),
    logger,
    ...options,
  });
  const placeOf = ({ session }: Issued) =>
    [`sess:${session.sid.slice(0, 16)}`, session.sid.slice(16)] as const;
  /** Signs in, and lets the newer process write the record. */
  async function signInNewer(subject = 'ada'): Promise<Issued> {
    const issued = await sessions.create({ subject });
    const value = String(await server.command('HGET', ...placeOf(issued)));
    const newer = value.replace(/^\d+(?=:)/, '99');
    expect(newer).not.toBe(value);
    await server.command('HSET', ...placeOf(issued), newer);
    return issued;
  }
  const isThere = async (issued: Issued): Promise<boolean> =>
    (await server.command('HEXISTS', ...placeOf(issued))) === 1;
  return { sessions, logger, signInNewer, isThere };
}

describe('a record of a newer format, which is unreadable and not absent', () => {
  it('is a failure of the store for verify, refresh, get, update and elevate', async () => {
    const { sessions, signInNewer, isThere } = await open();
    const issued = await signInNewer();
    const { sid } = issued.session;
    for (const call of [
      async () => sessions.verify(issued.accessToken),
      () => sessions.refresh(issued.refreshToken),
      () => sessions.get(sid),
      () => sessions.update(sid, { a: 1 }),
      () => sessions.elevate(sid),
    ]) {
      await expect(call()).rejects.toThrow(StoreUnavailableError);
    }
    expect(await isThere(issued)).toBe(true);
  });

  it('is removed by revoke, end and revokeAll', async () => {
    const { sessions, signInNewer, isThere } = await open();
    const [one, two, three] = [await signInNewer(), await signInNewer(), await signInNewer()];
    expect(await sessions.revoke(one.session.sid)).toBe(true);
    await sessions.end({ accessToken: two.accessToken, refreshToken: two.refreshToken });
    expect([await isThere(one), await isThere(two), await isThere(three)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(await sessions.revokeAll('ada')).toBe(1);
    expect(await isThere(three)).toBe(false);
  });

  it('counts for the limit of a subject', async () => {
    const { sessions, signInNewer } = await open({ maxPerSubject: 1, onLimit: 'reject' });
    await signInNewer();
    await expect(sessions.create({ subject: 'ada' })).rejects.toMatchObject({
      code: 'session_limit_reached',
    });
  });

  it('is named in the log once for any number of requests', async () => {
    const { sessions, logger, signInNewer } = await open();
    const issued = await signInNewer();
    for (let n = 0; n < 3; n += 1) {
      await expect(sessions.get(issued.session.sid)).rejects.toThrow(StoreUnavailableError);
    }
    const lines = logger.lines.filter(({ message }) => message.includes('newer version'));
    expect(lines).toHaveLength(1);
  });
});
