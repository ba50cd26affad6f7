import { describe, expect, it } from 'vitest';
import { opaque } from '../src/access-tokens.js';
import { resolveOptions, type SessionsOptions } from '../src/options.js';
import { createSessions } from '../src/sessions.js';
import { memoryStore } from '../src/store/memory.js';
import { refusalOf } from './refusal.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Options as a program in plain JavaScript may have them. */
const refusal = (options: Record<string, unknown>) =>
  refusalOf(() => createSessions(options as SessionsOptions));

describe('the defaults', () => {
  it('are those of the documentation', () => {
    expect(resolveOptions({})).toMatchObject({
      accessTtl: 15 * MINUTE,
      idleTtl: 7 * DAY,
      absoluteTtl: 90 * DAY,
      grace: 10_000,
      accessOverlap: 15 * MINUTE,
      limit: { max: 100, onLimit: 'evict-oldest' },
      accessToken: { kind: 'opaque' },
      schema: undefined,
      subjectPepper: undefined,
    });
  });

  it('let earlier access tokens live out their time, however long that is', () => {
    expect(resolveOptions({ accessTtl: '1h' }).accessOverlap).toBe(60 * MINUTE);
    expect(resolveOptions({ accessTtl: 90 }).accessOverlap).toBe(90_000);
  });

  it('give every engine a store and a pool of its own', () => {
    expect(resolveOptions({}).store).not.toBe(resolveOptions({}).store);
    expect(resolveOptions({}).random).not.toBe(resolveOptions({}).random);
  });
});

describe('settings', () => {
  it('hold what was given', () => {
    const given = {
      store: memoryStore(),
      accessToken: opaque(),
      clock: { now: () => 5 },
      subjectPepper: 'sixteen-letters!',
    };
    expect(resolveOptions(given)).toMatchObject(given);
    const random = (size: number) => new Uint8Array(size).fill(7);
    expect(resolveOptions({ random }).random(2)).toEqual(new Uint8Array([7, 7]));
  });

  it('hold times in milliseconds', () => {
    const settings = resolveOptions({
      accessTtl: '5m',
      idleTtl: '2d',
      absoluteTtl: '30d',
      grace: '0s',
      accessOverlap: '0s',
      maxPerSubject: 1,
      onLimit: 'reject',
    });
    expect(settings).toMatchObject({
      accessTtl: 5 * MINUTE,
      idleTtl: 2 * DAY,
      absoluteTtl: 30 * DAY,
      grace: 0,
      accessOverlap: 0,
      limit: { max: 1, onLimit: 'reject' },
    });
  });

  it('are frozen, and do not change with the caller’s object', () => {
    const options = { accessTtl: 60 };
    const settings = resolveOptions(options);
    options.accessTtl = 120;
    expect(settings.accessTtl).toBe(MINUTE);
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.isFrozen(settings.limit)).toBe(true);
  });

  it('wrap the caller’s logger, so that it sees no credential', () => {
    const seen: unknown[] = [];
    const write = (fields: object) => void seen.push(fields);
    const { logger } = resolveOptions({
      logger: { debug: write, info: write, warn: write, error: write },
    });
    logger.warn({ secret: 'x'.repeat(43) }, 'text');
    expect(seen).toEqual([{ secret: 'xxxxxxxx…' }]);
  });
});

describe('a wrong option throws at construction and says what to write', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ accessTtl: '15 minutes' }, "accessTtl: '15 minutes' is not a duration. Write '15m'"],
    [{ idleTtl: '1 hour' }, "idleTtl: '1 hour' is not a duration. Write '1h'"],
    [
      { absoluteTtl: '90' },
      "absoluteTtl: '90' is not a duration. Write 90 (without quotes) or '90s'",
    ],
    [{ accessOverlap: 'all' }, "accessOverlap: 'all' is not a duration. Write for instance '15m'"],
    [{ grace: -1 }, "grace: -1 is not a duration. Write for instance '15m'"],
    [{ accessTtl: 0 }, "accessTtl: 0 is out of range. Write at least '1s'"],
    [{ grace: '2h' }, "grace: '2h' is out of range. Write at most '1h'"],
    [{ maxPerSubject: 0 }, 'maxPerSubject: 0 must be a whole number from 1'],
    [{ maxPerSubject: 1.5 }, 'maxPerSubject: 1.5 must be a whole number from 1'],
    [{ maxPerSubject: '100' }, 'maxPerSubject: 100 must be a whole number from 1'],
    [{ maxPerSubject: Infinity }, 'maxPerSubject: Infinity must be a whole number from 1'],
    [{ onLimit: 'evict' }, "onLimit: 'evict' must be 'evict-oldest' or 'reject'"],
    [
      { subjectPepper: 'pepper' },
      'subjectPepper must be a secret string of at least 16 characters',
    ],
    [{ subjectPepper: 1234567890123456 }, 'subjectPepper must be a secret string'],
    [
      { data: { handle: 'string' } },
      'data must be a schema with the Standard Schema interface, as zod, valibot and arktype make them',
    ],
    [{ data: null }, 'data must be a schema'],
    [{ logger: { info: () => {} } }, "logger has no method 'debug'. Give a pino-style logger"],
    [{ logger: () => {} }, "logger has no method 'debug'. Give a pino-style logger"],
  ])('%o', (options, message) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(message);
  });

  it('idleTtl beyond what browsers keep a cookie [cookies.age]', () => {
    const refused = refusal({ idleTtl: '401d', absoluteTtl: '800d' });
    expect(refused.message).toContain("idleTtl: '401d' is out of range. Write at most '400d'");
    expect(() => createSessions({ idleTtl: '400d', absoluteTtl: '800d' })).not.toThrow();
  });

  it('idleTtl beyond absoluteTtl, both named as written, with the length that would do', () => {
    const refused = refusal({ idleTtl: '2d', absoluteTtl: '1d' });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain("idleTtl ('2d') is beyond absoluteTtl ('1d')");
    expect(refused.message).toContain("Write an idleTtl of at most '1d', or a longer absoluteTtl");
    expect(() => createSessions({ idleTtl: '86400s', absoluteTtl: '1d' })).not.toThrow();
  });

  it('but an absoluteTtl shorter than the default idleTtl is enough by itself: only what was written can be wrong', () => {
    expect(resolveOptions({ absoluteTtl: '1d' })).toMatchObject({ idleTtl: DAY, absoluteTtl: DAY });
  });

  it.each(['accesTtl', 'idleTTL', 'ttl', 'maxPerUser', 'Store', 'subjectSalt', 'pepper'])(
    'the misspelt option %s, with a list of those that there are',
    (name) => {
      const refused = refusal({ [name]: '15m' });
      expect(refused.code).toBe('invalid_option');
      expect(refused.message).toContain(
        `createSessions: there is no option '${name}'. Known are: `,
      );
      for (const known of [
        'store',
        'accessToken',
        'accessTtl',
        'idleTtl',
        'absoluteTtl',
        'grace',
        'accessOverlap',
        'maxPerSubject',
        'onLimit',
        'data',
        'logger',
        'clock',
        'random',
        'subjectPepper',
      ]) {
        expect(refused.message).toMatch(new RegExp(`[ ,]${known}[,.]`));
      }
    },
  );

  it.each([null, 'memory', 7])('%j in place of options', (options) => {
    const refused = refusalOf(() => createSessions(options as never));
    expect(refused.message).toBe('createSessions: an object of options is expected.');
  });

  it('maxPerSubject beyond what there is room for, with the number that there is', () => {
    const refused = refusal({ maxPerSubject: 20_000_000 });
    expect(refused.message).toMatch(/10,?_?000,?_?000/);
  });

  it('a logger that is null, like any other that has no methods', () => {
    const refused = refusal({ logger: null });
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain('pino-style logger');
  });

  it.each([
    ['a Redis client in place of a store', { store: { get: () => {}, set: () => {} } }, 'store'],
    ['the store’s maker, not called', { store: memoryStore }, 'store'],
    ['the access tokens’ maker, not called', { accessToken: opaque }, 'accessToken'],
    ['the name of a kind of access token', { accessToken: 'jwt' }, 'accessToken'],
    ['a clock that tells no time', { clock: { time: () => 0 } }, 'clock'],
    ['a number in place of a generator', { random: 4 }, 'random'],
  ])('%s', (_, options, name) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toMatch(new RegExp(`^${name}\\b`));
  });
});
