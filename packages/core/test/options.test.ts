import { createMemoryLogger } from '@sess/testkit';
import { describe, expect, it } from 'vitest';
import { opaque } from '../src/access-tokens.js';
import { readSessionsOptions, type SessionsOptions } from '../src/options.js';
import { createSessions } from '../src/sessions.js';
import { memoryStore } from '../src/store/memory-store.js';
import { refusalOf } from './refusal.js';

const resolveOptions = (options: SessionsOptions) =>
  readSessionsOptions({ store: memoryStore(), ...options });

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

  it('the default random source is a separate pool of bytes for each engine', () => {
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

describe('a wrong option throws at construction and the message gives the repair', () => {
  it.each<[Record<string, unknown>, string]>([
    [
      { accessTtl: '15 minutes' },
      'accessTtl: expected a duration, got "15 minutes". Write \'15m\'',
    ],
    [{ idleTtl: '1 hour' }, 'idleTtl: expected a duration, got "1 hour". Write \'1h\''],
    [
      { absoluteTtl: '90' },
      'absoluteTtl: expected a duration, got "90". Write 90 (without quotes) or \'90s\'',
    ],
    [
      { accessOverlap: 'all' },
      'accessOverlap: expected a duration, got "all". Write for instance \'15m\'',
    ],
    [{ grace: -1 }, "grace: expected a duration, got -1. Write for instance '15m'"],
    [{ accessTtl: 0 }, "accessTtl: expected at least '1s', got 0."],
    [{ grace: '2h' }, 'grace: expected at most \'1h\', got "2h".'],
    [{ maxPerSubject: 0 }, 'maxPerSubject: expected a whole number from 1 to 10,000,000, got 0.'],
    [
      { maxPerSubject: 1.5 },
      'maxPerSubject: expected a whole number from 1 to 10,000,000, got 1.5.',
    ],
    [
      { maxPerSubject: '100' },
      'maxPerSubject: expected a whole number from 1 to 10,000,000, got "100".',
    ],
    [
      { maxPerSubject: Infinity },
      'maxPerSubject: expected a whole number from 1 to 10,000,000, got Infinity.',
    ],
    [{ onLimit: 'evict' }, 'onLimit: expected "evict-oldest" or "reject", got "evict".'],
    [
      { subjectPepper: 'pepper' },
      'subjectPepper: expected a secret string of at least 16 characters',
    ],
    [{ subjectPepper: 1234567890123456 }, 'subjectPepper: expected a secret string'],
    [
      { data: { handle: 'string' } },
      'data: expected a schema with the Standard Schema interface, got an object.',
    ],
    [{ data: null }, 'data: expected a schema'],
    [{ logger: { info: () => {} } }, "logger: expected an object with a method 'debug', got "],
    [{ logger: () => {} }, "logger: expected an object with a method 'debug', got "],
  ])('%o', (options, message) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain(message);
  });

  it('idleTtl beyond what browsers keep a cookie [cookies.age]', () => {
    const refused = refusal({ idleTtl: '401d', absoluteTtl: '800d' });
    expect(refused.message).toContain('idleTtl: expected at most \'400d\', got "401d".');
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
    expect(refused.message).toMatch(/^createSessions: expected an object of options, got /);
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

describe('lifetimes that are each right and wrong together', () => {
  const warningsOf = (options: SessionsOptions): string[] => {
    const logger = createMemoryLogger();
    resolveOptions({ ...options, logger });
    return logger.lines.map(({ message }) => message);
  };

  it('the default accessTtl gives way to half of a short idleTtl', () => {
    expect(resolveOptions({ idleTtl: '10m' }).accessTtl).toBe(5 * MINUTE);
    expect(resolveOptions({ idleTtl: '30m' }).accessTtl).toBe(15 * MINUTE);
    expect(resolveOptions({ absoluteTtl: '10m' }).accessTtl).toBe(5 * MINUTE);
    expect(warningsOf({ idleTtl: '10m' })).toEqual([]);
  });

  it.each([
    ['of the engine', { accessTtl: '10m', idleTtl: '10m' }],
    ['of the tokens', { accessToken: { ...opaque(), ttl: 10 * MINUTE }, idleTtl: '10m' }],
  ])('a written accessTtl %s that reaches idleTtl is refused', (_, options) => {
    const refused = refusal(options);
    expect(refused.code).toBe('invalid_option');
    expect(refused.message).toContain("accessTtl ('10m') must be less than idleTtl ('10m')");
    expect(refused.message).toContain("Write an accessTtl of at most '5m'");
  });

  it('a written accessTtl above half of idleTtl is warned of', () => {
    expect(warningsOf({ accessTtl: '6m', idleTtl: '10m' })).toEqual([
      expect.stringContaining('more than half of idleTtl'),
    ]);
  });

  it.each([
    [{ accessTtl: 5 * 60 * 1_000 }, 'accessTtl is 3.5 days'],
    [{ accessTtl: '2d' }, 'accessTtl is 2 days'],
    [{ absoluteTtl: 30 * DAY }, 'absoluteTtl is 30000 days'],
  ] as [SessionsOptions, string][])('%o is warned of in days', (options, text) => {
    expect(warningsOf(options)).toEqual([expect.stringContaining(text)]);
  });
});
