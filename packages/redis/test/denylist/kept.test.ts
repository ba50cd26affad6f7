import { inspect } from 'node:util';
import { failFast, redisDenylist } from '@sess/redis';
import {
  type RedisServer,
  requireServer,
  sleep,
  startRedisServer,
  until,
} from '@sess/test-servers';
import { silentLogger } from '@sess/testkit';
import { Redis } from 'ioredis';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from 'vitest';
import { tagFor } from '../../../../test/kit.js';
import { ADA, clock, createName, LIFE, openDenylist } from './help.js';

/** What the denylist lets a key live beyond what was asked for. */
const SLACK = 60_000;
const KEY = `sess:deny:${ADA}`;

describe('what a denylist keeps in Redis', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedisServer({ binary: requireServer(inject('servers').redis) });
    client = new Redis(server.url, failFast);
    await new Promise((resolve) => client.once('ready', resolve));
  });
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });
  beforeEach(() => client.flushall());

  const denylistOf = () => openDenylist(client);

  it('is one hash for each subject, named by the tag and nothing else', async () => {
    const { denylist, issue, deny, denyAll } = denylistOf();
    const subjects = ['ada', '{ada}:admin', '*', 'x\r\nFLUSHALL\r\n', '"]}', '👩‍💻'];
    for (const subject of subjects) {
      const token = await issue(subject);
      await deny(token);
      const next = await issue(subject);
      const given = { at: Date.now(), successor: createName(), ttlMs: LIFE };
      await denylist.supersede(next, given);
      await denyAll(subject, token.sid);
    }
    expect((await client.keys('*')).sort()).toEqual(
      subjects.map((subject) => `sess:deny:${tagFor(subject)}`).sort(),
    );
    for (const key of await client.keys('*')) expect(await client.type(key)).toBe('hash');
  });

  it('a denylist puts no claim of a token into a key, and sends no command for an impossible token', async () => {
    const { denylist } = denylistOf();
    const commands = async () =>
      Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
    await denylist.ready();
    const before = await commands();
    const good = { sid: ADA + 'x'.repeat(16), jti: 'j', version: 1 };
    const hostile = [
      { ...good, sid: `${'{a}:*'.repeat(3)}x${'y'.repeat(16)}` },
      { ...good, sid: '\r\nFLUSHALL\r\n'.padEnd(32) },
      { ...good, sid: '' },
      { ...good, jti: '' },
      { ...good, jti: 'x'.repeat(129) },
      { ...good, jti: 'ünprintable' },
      { ...good, jti: '\u0000' },
      { ...good, version: Number.NaN },
      { ...good, version: Number.POSITIVE_INFINITY },
      { ...good, version: -1 },
    ];
    for (const token of hostile) {
      expect(await denylist.isDenied(token, Date.now())).toBe(true);
      const given = { at: Date.now(), successor: 'next', ttlMs: LIFE };
      expect(await denylist.supersede(token, given)).toBeUndefined();
    }
    // Only the two looks themselves.
    expect((await commands()) - before).toBeLessThanOrEqual(1);
    expect(await client.dbsize()).toBe(0);
  });

  it('refuses what no engine would say', async () => {
    const { denylist, issue } = denylistOf();
    const token = await issue();
    const options = { operation: createName(), ttlMs: LIFE };
    const given = { at: Date.now(), successor: 'next', ttlMs: LIFE };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => denylist.currentVersion('{a}*', LIFE),
      () => denylist.currentVersion(`${ADA}x`, LIFE),
      () => denylist.currentVersion(ADA, 0),
      () => denylist.currentVersion(ADA, Number.NaN),
      () => denylist.deny(ADA, [{ kind: 'token', id: 'x'.repeat(129) }], LIFE),
      () => denylist.deny(ADA, [{ kind: 'session', id: `${ADA} ` }], LIFE),
      () => denylist.deny(ADA, [{ kind: 'token', id: 'x', from: Number.NaN }], LIFE),
      () => denylist.denyAll('', options),
      () => denylist.denyAll(ADA, { ...options, operation: 'a,b' }),
      () => denylist.denyAll(ADA, { ...options, operation: '' }),
      () => denylist.supersede(token, { ...given, successor: '' }),
      () => denylist.supersede(token, { ...given, successor: 'a|b' }),
      () => denylist.supersede(token, { ...given, successor: 'x'.repeat(65) }),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    await expect(
      denylist.deny(ADA, [{ kind: 'token', id: 'x'.repeat(129) }], LIFE),
    ).rejects.toThrow(/^(?!.*xxx)/);
  });

  it('is a short field for each denial, and none for what is denied by its version', async () => {
    const { denylist, issue, deny, denyAll } = denylistOf();
    const [one, two, mine] = [await issue(), await issue(), await issue()];
    const from = Date.now() + 5_000;
    await deny(one);
    await denylist.deny(ADA, [{ kind: 'session', id: two.sid, from }], LIFE);
    await denylist.supersede(mine, { at: Date.now(), successor: 'next', ttlMs: LIFE });
    const until = String.raw`\d{13}`;
    const fields = await client.hgetall(KEY);
    expect(Object.keys(fields).sort()).toEqual(
      ['h', `j${one.jti}`, `j${mine.jti}`, `s${two.sid.slice(16)}`].sort(),
    );
    expect(fields['h']).toBe(`${one.version}||`);
    expect(fields[`j${one.jti}`]).toMatch(new RegExp(`^0\\|${until}\\|$`));
    expect(fields[`j${mine.jti}`]).toMatch(new RegExp(`^\\|${until}\\|next$`));
    expect(fields[`s${two.sid.slice(16)}`]).toMatch(new RegExp(`^${from}\\|${until}\\|$`));

    await denyAll('ada', mine.sid);
    const head = /^(\d+)\|(.*)\|(\d+)$/.exec((await client.hget(KEY, 'h')) ?? '');
    expect(head?.slice(2)).toEqual([mine.sid.slice(16), String(mine.version)]);
    expect(Number(head?.[1])).toBeGreaterThan(mine.version);
    await denyAll();
    expect((await client.hkeys(KEY)).sort()).toEqual(['b', 'h']);
  });

  it('makes a head of the time of the server', async () => {
    const { issue } = denylistOf();
    const [seconds] = await client.time();
    const { version } = await issue();
    expect(Math.abs(version - Number(seconds) * 1_000)).toBeLessThan(2_000);
  });

  it('lives as long as the longest life that was asked for, and little longer', async () => {
    const { denylist, issue, deny, denyAll } = denylistOf();
    const expectLife = async (least: number) => {
      const left = await client.pttl(KEY);
      expect(left).toBeGreaterThan(least - 2_000);
      expect(left).toBeLessThanOrEqual(least + SLACK);
    };
    await denylist.currentVersion(ADA, 100_000);
    await expectLife(100_000);
    const token = await issue();
    await expectLife(LIFE);
    await denylist.currentVersion(ADA, 1_000);
    await deny(token);
    await denylist.deny(ADA, [{ kind: 'token', id: 'other' }], 2 * LIFE);
    await expectLife(2 * LIFE);
    await denyAll('ada', token.sid);
    await expectLife(2 * LIFE);
    // The whole key was thrown away and made anew.
    await denyAll();
    await expectLife(2 * LIFE);
    const next = await issue();
    const given = { at: Date.now(), successor: 'next', ttlMs: 3 * LIFE };
    await denylist.supersede(next, given);
    await expectLife(3 * LIFE);
  });

  it('gives a key a life that has lost its own', async () => {
    const { denylist } = denylistOf();
    await denylist.currentVersion(ADA, LIFE);
    await client.persist(KEY);
    await denylist.currentVersion(ADA, LIFE);
    expect(await client.pttl(KEY)).toBeGreaterThan(LIFE - 2_000);
  });

  it('is not written again for each token that is made', async () => {
    const { denylist } = denylistOf();
    await denylist.currentVersion(ADA, LIFE);
    const end = await client.call('PEXPIRETIME', KEY);
    await sleep(20);
    await denylist.currentVersion(ADA, LIFE);
    expect(await client.call('PEXPIRETIME', KEY)).toBe(end);
  });

  it('denies what cannot be read', async () => {
    const { denylist, issue, isDenied } = denylistOf();
    const token = await issue();
    for (const value of [
      '',
      'x',
      '0',
      '0|1',
      'x|1|',
      '0|1|{}',
      `${'9'.repeat(16)}|1|`,
      '1|1|1|1',
    ]) {
      await client.hset(KEY, `j${token.jti}`, value);
      expect(await isDenied(token)).toBe(true);
      expect(
        await denylist.supersede(token, { at: Date.now(), successor: 'next', ttlMs: LIFE }),
      ).toBeUndefined();
    }
    await client.hdel(KEY, `j${token.jti}`);
    expect(await isDenied(token)).toBe(false);
    for (const value of ['', '|', 'x||', `${token.version}`, `${'9'.repeat(16)}||`]) {
      await client.hset(KEY, 'h', value);
      expect(await isDenied(token)).toBe(true);
      await sleep(2);
      const fresh = await issue();
      expect(fresh.version).toBeGreaterThan(token.version);
      expect(await isDenied(fresh)).toBe(false);
      expect(await isDenied(token)).toBe(true);
    }
    await client.set(KEY, 'no hash');
    await expect(isDenied(token)).rejects.toThrow('WRONGTYPE');
  });

  it.each([
    ['a head', 'h', {}],
    ['a head', 'h', { nearCache: true }],
    ['a denial', 'j', {}],
    ['a denial', 'j', { nearCache: true }],
  ])('a denylist logs once that it cannot read %s: %s, %o', async (_, name, options) => {
    const told: unknown[] = [];
    const logger = { ...silentLogger, error: (...line: unknown[]) => void told.push(line) };
    const { denylist, issue, isDenied } = openDenylist(client, options, logger);
    onTestFinished(() => denylist.close());
    const token = await issue();
    expect(await isDenied(token)).toBe(false);
    await client.hset(KEY, name === 'h' ? 'h' : `j${token.jti}`, 'garbage');
    await until(() => isDenied(token), { what: 'the denial' });
    expect(await isDenied(token)).toBe(true);
    expect(told).toEqual([
      [{ tag: ADA }, 'the denials of a subject in Redis cannot be read; its tokens are refused'],
    ]);
  });

  it('is pruned in steps: 50,000 denials that ran out are gone, and no write is slow', async () => {
    const { denylist, issue } = denylistOf();
    await issue();
    const many = Array.from({ length: 50_000 }, (_, n) => [`j${n}`, '0|1|']).flat();
    await client.hset(KEY, ...many);
    const times: number[] = [];
    for (let n = 0; (await client.hlen(KEY)) > 1_500 && n < 3_000; n += 1) {
      const began = performance.now();
      await denylist.deny(ADA, [{ kind: 'token', id: `fresh-${n}` }], 200);
      times.push(performance.now() - began);
    }
    expect(await client.hlen(KEY)).toBeLessThanOrEqual(1_500);
    const slowest = times.toSorted((left, right) => right - left).slice(0, 3);
    console.info(
      `${times.length} denials pruned 50,000 that had run out, the slowest in ${slowest.map((ms) => ms.toFixed(1)).join(', ')} ms`,
    );
  }, 20_000);

  it('takes little: what a denial costs in memory', async () => {
    const { denylist, issue } = denylistOf();
    await issue();
    const usage = async () => Number(await client.memory('USAGE', KEY));
    const before = await usage();
    for (let n = 0; n < 100; n += 1) {
      const jti = `${'x'.repeat(18)}${String(n).padStart(4, '0')}`;
      await denylist.deny(ADA, [{ kind: 'token', id: jti }], LIFE);
    }
    const each = ((await usage()) - before) / 100;
    console.info(
      `memory a denial, at 100 a subject: ${each.toFixed(0)} B; a subject alone: ${before} B`,
    );
    expect(each).toBeLessThan(100);
  });

  it('shows no secrets when it is looked at', async () => {
    const url = server.url.replace('redis://', 'redis://default:hunter2@');
    const secret = new Redis(url, { ...failFast, lazyConnect: true });
    onTestFinished(() => secret.disconnect());
    const denylist = redisDenylist(secret);
    denylist.open?.({ clock, logger: silentLogger });
    const shown = `${inspect(denylist, { depth: 9, showHidden: true })}${String(denylist)}${JSON.stringify(denylist)}`;
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('sess:deny:');
    await denylist.close();
  });
});
