import { failFast } from '@sess/redis';
import { type RedisServer, requireServer, startRedisServer } from '@sess/test-servers';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { changes, PATIENCE, runs, scaled } from '../../../../test/fuzzing.js';
import { createRecord, tagFor } from '../../../../test/kit.js';
import { createName, LIFE, type OpenDenylist, openDenylist } from './help.js';

/** Which field of a subject is damaged: its head, the book-keeping, a denial, the mark of a token that was replaced. */
const damage = fc.record({
  at: fc.constantFrom('head', 'head', 'book', 'denial', 'session', 'successor', 'beside'),
  change: fc.oneof(
    changes,
    fc.string({ unit: 'binary' }).map((text) => () => text),
    fc
      .constantFrom('', '||', '0', '9999999999999999', '00000000000000001', '-1', ' 1', '1e3', 'x')
      .chain((part) =>
        fc.nat(2).map(
          (n) => (text: string) =>
            text
              .split('|')
              .map((own, m) => (m === n ? part : own))
              .join('|'),
        ),
      ),
  ),
  field: fc.oneof(fc.constantFrom('', 'j', 's', 'h ', 'H', '__proto__'), fc.string()),
});

describe('a denylist on the server that was damaged', () => {
  let server: RedisServer;
  let client: Redis;
  let subjects = 0;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    client = new Redis(server.url, failFast);
    await new Promise((resolve) => client.once('ready', resolve));
  });
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  async function arrange({ denylist, issue, deny }: OpenDenylist) {
    const subject = `ada-${++subjects}`;
    const tag = tagFor(subject);
    const [denied, ended, replaced, good] = [
      await issue(subject),
      await issue(subject),
      await issue(subject),
      await issue(subject),
    ];
    await deny(denied);
    await denylist.deny(tag, [{ kind: 'session', id: ended.sid }], LIFE);
    const given = { at: Date.now(), successor: 'next', ttlMs: LIFE };
    await denylist.supersede(replaced, given);
    const fields = {
      head: 'h',
      book: 'b',
      denial: `j${denied.jti}`,
      session: `s${ended.sid.slice(16)}`,
      successor: `j${replaced.jti}`,
    };
    return { subject, tag, key: `sess:deny:${tag}`, denied, ended, good, fields };
  }

  it(
    'never lets a denied token in again, and never keeps a new one out',
    async () => {
      const open = openDenylist(client);
      const { denylist, issue, isDenied, deny, denyAll } = open;
      const other = await issue('somebody else');
      const seen = { good: 0, denied: 0 };
      await fc.assert(
        fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 2 }), async (damages) => {
          const { subject, tag, key, denied, ended, good, fields } = await arrange(open);
          for (const { at, change, field } of damages) {
            const name = at === 'beside' ? field : fields[at];
            await client.hset(key, name, change((await client.hget(key, name)) ?? '0|1|'));
          }
          const isAsBefore = async (name: string) =>
            /^0\|\d{13,15}\|$/.test((await client.hget(key, name)) ?? '');
          const stillSaid = {
            denial: await isAsBefore(fields.denial),
            session: await isAsBefore(fields.session),
          };

          seen[(await isDenied(good)) ? 'denied' : 'good'] += 1;
          // From when a token is denied may have been changed into a later moment; what cannot be read denies.
          if (stillSaid.denial) expect(await isDenied(denied)).toBe(true);
          if (stillSaid.session) expect(await isDenied(ended)).toBe(true);
          const given = { at: Date.now(), successor: createName(), ttlMs: LIFE };
          const isBefore = await isDenied(good);
          const succession = await denylist.supersede(good, given);
          if (isBefore) expect(succession).toBeUndefined();

          const fresh = await issue(subject);
          expect(await isDenied(fresh)).toBe(false);
          expect(await denylist.supersede(fresh, given)).toBeDefined();
          await deny(fresh);
          expect(await isDenied(fresh)).toBe(true);

          const [kept, swept] = [await issue(subject), await issue(subject)];
          await denyAll(subject, kept.sid);
          expect(await isDenied(kept)).toBe(false);
          expect(await isDenied(swept)).toBe(true);
          await denyAll(subject);
          for (const token of [denied, ended, good, fresh, kept, swept])
            expect(await isDenied(token)).toBe(true);
          expect(await isDenied(await issue(subject))).toBe(false);
          expect(await client.pttl(key)).toBeGreaterThan(0);
          expect(await client.exists(`sess:deny:${tag}`)).toBe(1);
        }),
        runs(150),
      );
      expect(Math.min(seen.good, seen.denied)).toBeGreaterThanOrEqual(scaled(10));
      expect(await isDenied(other)).toBe(false);
      await denylist.close();
    },
    PATIENCE,
  );

  it.each(['0||', '1800000000000||9999999999999999'])(
    'a sign-in replaces the damaged header %j',
    async (head) => {
      const { issue, isDenied } = openDenylist(client);
      const { sid } = createRecord({ now: 0, subject: `ada-${++subjects}` });
      const subject = `ada-${subjects}`;
      await client.hset(`sess:deny:${tagFor(subject)}`, 'h', head);
      expect(await isDenied(await issue(subject, sid))).toBe(false);
    },
  );
});
