import { createSessions, type Issued, type Sessions } from '@sess/core';
import { failFast, redisStore } from '@sess/redis';
import {
  connectResp,
  type RedisServer,
  type RespConnection,
  requireServer,
  sleep,
  startRedisServer,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { tagFor } from '../../../test/kit.js';

/** A subject may be any text that somebody could choose as a name. */
const HOSTILE_SUBJECTS = [
  'ada@example.org',
  '{ada}:admin',
  'sess:*',
  '*',
  'x\r\nFLUSHALL\r\n',
  '\u0000\u0001',
  '__proto__',
  '"]}',
  '%s%d$1',
  '👩‍💻 ada \u202e',
  'x'.repeat(512),
];
const HOSTILE_DATA: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { empty: [], nested: { deep: [[], {}] } },
  JSON.parse('{"__proto__":{"a":1},"constructor":1}') as Record<string, unknown>,
  { text: '1:1:1:1:1:2:[]{}', quote: '"]}', more: '\u2028\\u0000', number: 1e300 },
];
const HOSTILE_DEVICE = { userAgent: '"];redis.call("FLUSHALL")--', ip: '::1', label: 'é\n:1:|~!' };
const WINDOW = 16;

describe('what is kept in Redis', () => {
  let server: RedisServer;
  let raw: RespConnection;
  let client: Redis;
  let sessions: Sessions;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    raw = connectResp(server);
    client = new Redis(server.url, failFast);
    await new Promise((resolve) => client.once('ready', resolve));
    const store = redisStore(client);
    sessions = createSessions({ store, grace: '0s', maxPerSubject: 4, logger: silentLogger });
  });
  afterAll(async () => {
    client?.disconnect();
    raw?.close();
    await server?.stop();
  });
  beforeEach(() => raw.command('FLUSHALL'));

  async function dump(): Promise<ReadonlyMap<string, readonly string[]>> {
    const keys = new Map<string, readonly string[]>();
    let cursor = '0';
    do {
      const [next, found] = (await raw.command('SCAN', cursor)) as [string, string[]];
      for (const key of found) keys.set(key, (await raw.command('HGETALL', key)) as string[]);
      cursor = next;
    } while (cursor !== '0');
    return keys;
  }

  /** Every operation there is, for one subject; answers all that was issued. At least one session stays. */
  async function doEverything(
    subject: string,
    data: Readonly<Record<string, unknown>>,
  ): Promise<readonly Issued[]> {
    const issued: Issued[] = [];
    const note = <Given extends object | undefined>(given: Given): Given => {
      if (given !== undefined && 'refreshToken' in given) issued.push(given as unknown as Issued);
      return given;
    };
    const device = HOSTILE_DEVICE;
    const create = async () => note(await sessions.create({ subject, data, device }));

    const [first, second, third] = [await create(), await create(), await create()];
    const rotated = note(await sessions.refresh(first.refreshToken));
    // A replay, then the newest once more, then a theft: a spent token after its successor was used.
    note(await sessions.refresh(first.refreshToken));
    if (rotated.ok) await sessions.verify(rotated.accessToken);
    note(await sessions.refresh(second.refreshToken));
    const elevated = note(await sessions.elevate(second.session.sid));
    note(await sessions.refresh(elevated?.refreshToken));
    await sessions.update(second.session.sid, { patched: subject, [subject]: true });
    await sleep(30);
    await sessions.refresh(first.refreshToken);
    for (let n = 0; n < 3; n += 1) await create();
    await sessions.revoke(third.session.sid);
    await sessions.list(subject);
    await sessions.revokeAll(subject, { except: issued.at(-1)?.session.sid ?? '' });
    const last = await create();
    note(await sessions.refresh(last.refreshToken));
    return issued;
  }

  it('holds no token or part of one, and nothing of a subject in a key [tokens.stored, data.keys, logs.kept]', async () => {
    const issued: Issued[] = [];
    for (const [n, subject] of HOSTILE_SUBJECTS.entries()) {
      issued.push(...(await doEverything(subject, HOSTILE_DATA[n % HOSTILE_DATA.length] ?? {})));
    }
    const kept = await dump();

    // The key is the subject's tag, and nothing but: whatever a user chose has no way into it.
    expect([...kept.keys()].sort()).toEqual(
      HOSTILE_SUBJECTS.map((subject) => `sess:${tagFor(subject)}`).sort(),
    );
    const seen = new Set<string>();
    for (const [key, parts] of kept) for (const part of [key, ...parts]) addWindows(part, seen);
    expect(issued.length).toBeGreaterThan(HOSTILE_SUBJECTS.length * 8);
    const canaries = new Set(issued.flatMap(secretsOf));
    const leaked = [...canaries].filter((secret) => [...windows(secret)].some((w) => seen.has(w)));
    expect(leaked).toEqual([]);
    // The search does find what is there: ids, by the half that is a field's name.
    const last = issued.at(-1)?.session.sid.slice(-WINDOW) ?? '';
    expect(seen.has(last)).toBe(true);
  });

  it('gives every key a life that covers its latest session', async () => {
    for (const subject of HOSTILE_SUBJECTS) await doEverything(subject, {});
    for (const subject of HOSTILE_SUBJECTS) {
      const left = Number(await raw.command('PTTL', `sess:${tagFor(subject)}`));
      const [seconds, micros] = (await raw.command('TIME')) as [string, string];
      const now = Number(seconds) * 1000 + Number(micros) / 1000;
      const live = await sessions.list(subject);
      expect(live.length).toBeGreaterThan(0);
      const latest = Math.max(...live.map(({ expiresAt }) => expiresAt));
      expect(now + left).toBeGreaterThanOrEqual(latest);
      // And for no longer than ended sessions are told from unknown ones.
      expect(now + left).toBeLessThanOrEqual(latest + 61_000);
    }
  });

  it('keeps a key without sessions for a minute, and for 15 minutes after a revoke-all', async () => {
    const one = await sessions.create({ subject: 'ada' });
    const two = await sessions.create({ subject: 'ada' });
    await sessions.create({ subject: 'bob' });
    await sessions.create({ subject: 'bob' });
    await sessions.revoke(one.session.sid);
    expect(await raw.command('PTTL', `sess:${tagFor('ada')}`)).toBeGreaterThan(60_000);
    await sessions.revoke(two.session.sid);
    await sessions.revokeAll('bob');
    for (const [subject, longest] of [
      ['ada', 60_000],
      ['bob', 15 * 60_000],
    ] as const) {
      const left = await raw.command('PTTL', `sess:${tagFor(subject)}`);
      expect(left).toBeGreaterThan(longest - 10_000);
      expect(left).toBeLessThanOrEqual(longest);
    }
  });

  it('takes at most 400 bytes a session beside its data, at three sessions a user', async () => {
    const [users, each] = [50, 3];
    const given = { data: { handle: 'ada', roles: ['editor', 'reader'] }, device: HOSTILE_DEVICE };
    for (let n = 0; n < users * each; n += 1)
      await sessions.create({ subject: `user ${n % users}`, ...given });
    let total = 0;
    for (const key of (await dump()).keys())
      total += Number(await raw.command('MEMORY', 'USAGE', key, 'SAMPLES', 0));
    const perSession = total / (users * each);
    const own = Buffer.byteLength(JSON.stringify({ subject: 'user 10', ...given }));
    console.info(
      `memory a session, at ${each} a user: ${perSession.toFixed(0)} B, of which ${own} B are its data`,
    );
    expect(perSession - own).toBeLessThanOrEqual(400);
  });
});

/** What must never be seen outside: the random parts of both tokens, as text and in hex. */
function secretsOf({ accessToken, refreshToken }: Issued): readonly string[] {
  const [, accessSecret = ''] = accessToken.split('.');
  const [, family = '', refreshSecret = ''] = refreshToken.split('.');
  const texts = [accessSecret, refreshSecret, family.slice(0, WINDOW)];
  return texts.flatMap((text) => [text, Buffer.from(text, 'base64url').toString('hex')]);
}

function* windows(text: string): Generator<string> {
  for (let at = 0; at + WINDOW <= text.length; at += 1) yield text.slice(at, at + WINDOW);
}

function addWindows(text: string, into: Set<string>): void {
  for (const window of windows(text)) into.add(window);
}
