import { isSessError } from '@sess/core';
import { failFast } from '@sess/redis';
import { type RedisServer, requireServer, startRedisServer } from '@sess/test-servers';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { changes, PATIENCE, runs } from '../../../../test/fuzzing.js';
import { decodeRecord, isNewerRecord } from '../../src/store/codec.js';
import { accepted, createEngine, placeOf } from './arrange.js';

type Change = (text: string) => string;

/** What is done to the hash of a subject: to a session, to the mark of a removal, to the book-keeping, or beside them. */
const damage = fc.oneof(
  fc.record({ at: fc.constantFrom('session', 'mark', 'book', 'book'), change: changes }),
  fc.record({
    at: fc.constant('beside'),
    field: fc.oneof(
      fc.constantFrom('', '~', '!!', '~~', 'x'.repeat(16), `~${'x'.repeat(16)}`, '__proto__'),
      fc.string(),
    ),
    change: fc.oneof(
      changes,
      fc.string({ unit: 'binary' }).map(
        (text): Change =>
          () =>
            text,
      ),
    ),
  }),
);

/** Something that may fail, but only in a way that the library has a word for. */
async function attempt<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await call();
  } catch (error) {
    expect(isSessError(error)).toBe(true);
    return undefined;
  }
}

/** Whether a removal of everything is said to lie ahead: sign-ins wait for it to pass, as after a failover. */
const hasFenceAhead = (book: string, now: number): boolean =>
  [...book.matchAll(/\|(\d+):/g)].some(
    ([, at]) => Number(at) > now - 1_000 && Number(at) < now + 61_000,
  );

/** A text whose header the scripts can read: whether its JSON parts are any they cannot tell. */
const HEADED = /^1:\d{1,15}:\d{1,15}:\d{1,15}:(\d{1,15}):\d{1,6}:\[.*\]$/s;

describe('a hash on the server that was damaged', () => {
  let subjects = 0;
  const onClose: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of onClose.splice(0)) await close();
  };

  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    client = new Redis(server.url, failFast);
    await new Promise((resolve) => client.once('ready', resolve));
  });
  afterAll(async () => {
    await closeAll();
    client?.disconnect();
    await server?.stop();
  });

  it.each(['evict-oldest', 'reject'] as const)(
    'a damaged hash loses at most the damaged session: others continue, the user can sign in, and one line is logged (%s)',
    async (onLimit) => {
      const { sessions: elsewhere } = createEngine(client);
      const other = await elsewhere.create({ subject: 'somebody else' });
      let unreadable = 0;

      await fc.assert(
        fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
          await closeAll();
          const subject = `ada-${++subjects}`;
          const { sessions, errors, heard } = createEngine(client, {
            engine: { maxPerSubject: 3, onLimit },
          });
          onClose.push(() => sessions.close());
          const bad = await sessions.create({ subject, data: { a: [1] }, device: { label: 'x' } });
          const good = await sessions.create({ subject });
          const gone = await sessions.create({ subject });
          await sessions.revoke(gone.session.sid);

          const { key, field } = placeOf(subject, bad.session.sid);
          const places = {
            session: field,
            mark: `~${placeOf(subject, gone.session.sid).field}`,
            book: '!',
          };
          for (const one of damages) {
            const name = 'field' in one ? one.field : places[one.at as 'book'];
            const from = (await client.hget(key, 'field' in one ? field : name)) ?? '';
            await client.hset(key, name, one.change(from));
          }
          const book = (await client.hget(key, '!')) ?? '';
          fc.pre(!hasFenceAhead(book, Date.now()));
          const all = await client.hgetall(key);
          const isReadable = decodeRecord(bad.session.sid, all[field] ?? '') !== undefined;
          // Calls on a record of a newer format fail: see newer-records.test.ts. Each is reported.
          const isNewer = isNewerRecord(all[field] ?? '');
          // Under a limit that refuses, copies of a session take the places of others.
          fc.pre(
            onLimit === 'evict-oldest' || !hasLiveCopies(all, [field, good.session.sid.slice(16)]),
          );

          const verified = await attempt(async () => sessions.verify(bad.accessToken));
          if (verified?.ok) expect(verified.session.sid).toBe(bad.session.sid);
          if (!isReadable) {
            unreadable += 1;
            expect(verified).toEqual(isNewer ? undefined : { ok: false, reason: 'unknown' });
            expect(errors()).toBeGreaterThan(0);
            expect(heard).not.toContain('reuse');
          }
          await attempt(() => sessions.update(bad.session.sid, { b: 1 }));
          await attempt(() => sessions.refresh(bad.refreshToken));
          await attempt(() => sessions.get(bad.session.sid));

          const next = accepted(await sessions.refresh(good.refreshToken));
          expect(await sessions.verify(next.accessToken)).toMatchObject({ ok: true });
          const fresh = await sessions.create({ subject });
          expect(await sessions.verify(fresh.accessToken)).toMatchObject({ ok: true });
          const listed = (await sessions.list(subject)).map(({ sid }) => sid);
          expect(listed).toContain(fresh.session.sid);
          expect(await sessions.verify(gone.accessToken)).toMatchObject({ ok: false });
          await attempt(() => sessions.elevate(bad.session.sid));

          await sessions.revokeAll(subject);
          expect(await sessions.list(subject)).toEqual([]);
          for (const { accessToken } of [bad, next, fresh]) {
            expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
          }
          await sessions.create({ subject });
          expect(await client.pttl(key)).toBeGreaterThan(0);
          if (!isNewer) expect(errors()).toBeLessThanOrEqual(1);
        }),
        // At least one session is destroyed; how many more, a short run leaves to chance.
        {
          ...runs(150),
          examples: [
            [[{ at: 'session', change: () => 'damaged' }]],
            [[{ at: 'beside', field: 'x'.repeat(16), change: (value) => `9${value.slice(1)}` }]],
            [[{ at: 'session', change: (value) => `9${value.slice(1)}` }]],
          ],
        },
      );
      expect(unreadable).toBeGreaterThan(0);
      expect(await elsewhere.verify(other.accessToken)).toMatchObject({ ok: true });
    },
    PATIENCE,
  );

  async function arrangeFull(damaged: (value: string) => string) {
    await closeAll();
    const subject = `ada-${++subjects}`;
    const { sessions } = createEngine(client, { engine: { maxPerSubject: 1, onLimit: 'reject' } });
    onClose.push(() => sessions.close());
    const { session, accessToken } = await sessions.create({ subject });
    const { key, field } = placeOf(subject, session.sid);
    await client.hset(key, field, damaged((await client.hget(key, field)) ?? ''));
    return { sessions, subject, key, field, accessToken };
  }

  it('a session with a good header and invalid JSON does not count for the limit', async () => {
    const { sessions, subject, accessToken } = await arrangeFull(
      (value) => `${value.slice(0, -2)}]]`,
    );
    expect(await sessions.verify(accessToken)).toEqual({ ok: false, reason: 'unknown' });
    await sessions.create({ subject });
  });

  it('has nothing in the list that no sid can name', async () => {
    const { sessions, subject, key, field } = await arrangeFull((value) => value);
    await client.hset(key, 'short', (await client.hget(key, field)) ?? '');
    expect(await sessions.list(subject)).toHaveLength(1);
  });
});

/** Copies of a session under other names hold places of their own. */
function hasLiveCopies(all: Readonly<Record<string, string>>, own: readonly string[]): boolean {
  return Object.entries(all).some(
    ([name, value]) => !own.includes(name) && !/^(!$|~)/.test(name) && HEADED.test(value),
  );
}
