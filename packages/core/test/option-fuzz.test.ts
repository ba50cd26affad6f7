import { silentLogger } from '@sess/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyValue, near, PATIENCE, runs, scaled } from '../../../test/fuzzing.js';
import { opaque } from '../src/access-tokens.js';
import { UsageError } from '../src/errors.js';
import { createGuard, type GuardOptions } from '../src/http/guard.js';
import { assertSessions, type HttpOptions, readHttpOptions } from '../src/http/options.js';
import type { SessionsOptions } from '../src/options.js';
import { createSessions } from '../src/sessions.js';
import { memoryStore } from '../src/store/memory-store.js';

/** What a value must be at least, to be taken for the option. The rest is shown by using it. */
type Kinds = Readonly<Record<string, (value: unknown) => boolean>>;

const isDuration = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'string';
const isOneOf =
  (...choices: readonly unknown[]) =>
  (value: unknown): boolean =>
    choices.includes(value);
const hasMethods =
  (...methods: readonly string[]) =>
  (value: unknown): boolean =>
    value !== null &&
    ['object', 'function'].includes(typeof value) &&
    methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

/** A port with some methods of the right name, which answer anything. */
const portOf = (good: object): fc.Arbitrary<unknown> =>
  fc
    .record({ names: fc.subarray(Object.keys(good)), answer: anyValue, other: anyValue })
    .map(({ names, answer, other }) => ({
      ...good,
      ...Object.fromEntries(names.map((name, n) => [name, n % 2 ? other : () => answer])),
    }));

/** Refused with the option's name, or taken for good: what throws otherwise, or later, fails the test. */
function outcomeOf(name: string, make: () => unknown): 'refused' | 'taken' {
  try {
    make();
    return 'taken';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).code).toBe('invalid_option');
    expect((error as UsageError).message).toContain(name);
    return 'refused';
  }
}

const ENGINE: Kinds = {
  accessTtl: isDuration,
  idleTtl: isDuration,
  absoluteTtl: isDuration,
  grace: isDuration,
  accessOverlap: isDuration,
  maxPerSubject: Number.isSafeInteger,
  onLimit: isOneOf('evict-oldest', 'reject'),
  subjectPepper: (value) => typeof value === 'string' && value.length >= 16,
  store: hasMethods('load', 'insert', 'close'),
  accessToken: hasMethods('open'),
  data: (value) => typeof value === 'object' && value !== null && '~standard' in value,
  logger: hasMethods('debug', 'info', 'warn', 'error'),
  clock: hasMethods('now'),
  random: (value) => typeof value === 'function',
};

const NEAR_ENGINE: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  onLimit: near('reject', 'evict-oldest'),
  maxPerSubject: fc.oneof(near(1, 100), fc.double(), fc.integer(), fc.maxSafeInteger()),
  subjectPepper: near('sixteen letters!'),
  clock: fc.oneof(portOf({ now: () => 1 }), fc.constantFrom<unknown>(Date, performance)),
  logger: portOf(silentLogger),
  accessToken: fc.oneof(
    // How long its tokens live, and what its open() answers, is its author's to get right.
    anyValue.map((kind) => ({ ...opaque(), kind })),
    anyValue
      .map((open) => ({ kind: 'mine', open }))
      .filter(({ open }) => typeof open !== 'function'),
    fc.constantFrom<unknown>(opaque, memoryStore(), { ...memoryStore(), open: () => undefined }),
  ),
  store: fc.constantFrom<unknown>(
    memoryStore,
    { ...memoryStore(), timeout: '1s' },
    { ...memoryStore(), timeout: Number.NaN },
  ),
  random: fc.oneof(
    anyValue.map((value) => () => value),
    fc.constantFrom<unknown>(Math.random, () => new Uint8Array(4), crypto.getRandomValues),
  ),
  data: anyValue.map((answer) => ({
    '~standard': { version: 1, vendor: 'x', validate: () => answer },
  })),
};

const nearDuration = fc.oneof(
  near('15m', 900),
  fc.double(),
  fc.integer(),
  fc
    .tuple(
      fc.oneof(fc.nat(), fc.double()),
      fc.constantFrom('s', 'm', 'h', 'd', 'ms', 'w', 'y', '', ' '),
    )
    .map((parts) => parts.join('')),
);

/** An option by its name, and something for it. */
const wrongEngineOption = fc
  .constantFrom(...Object.keys(ENGINE))
  .chain((name) =>
    fc.tuple(fc.constant(name), fc.oneof(anyValue, NEAR_ENGINE[name] ?? nearDuration)),
  );

function throwsByItself(call: (size: number) => unknown): boolean {
  try {
    call(1);
    return false;
  } catch {
    return true;
  }
}

/** A session's whole life. An error that says whose mistake it was is none of the engine's. */
async function live(options: SessionsOptions): Promise<void> {
  const sessions = createSessions({ logger: silentLogger, ...options });
  const issued = await sessions.create({ subject: 'ada' });
  expect(issued.accessToken.length).toBeGreaterThan(60);
  expect(await sessions.verify(issued.accessToken)).toMatchObject({ ok: true });
  expect(await sessions.refresh(issued.refreshToken)).toMatchObject({ ok: true });
  await sessions.update(issued.session.sid, { a: 1 });
  expect(await sessions.list('ada')).toHaveLength(1);
  expect(await sessions.revokeAll('ada')).toBe(1);
  await sessions.close();
}

describe('createSessions', () => {
  it(
    'createSessions throws for any invalid option and names it, and works with every option that it accepts',
    async () => {
      const seen = { refused: 0, taken: 0 };
      await fc.assert(
        fc.asyncProperty(wrongEngineOption, async ([name, value]) => {
          if (value === undefined) return;
          const options = { [name]: value } as SessionsOptions;
          // A function that throws by itself says what is wrong in its own words.
          if (typeof value === 'function' && throwsByItself(value as () => unknown)) return;
          const outcome = outcomeOf(name, () => createSessions(options));
          seen[outcome] += 1;
          if (outcome === 'refused') return;
          expect(ENGINE[name]?.(value)).toBe(true);
          if (name === 'store') return;
          const problem = await live(options).catch((error: unknown) => error);
          // A schema speaks when it is asked, and what it refuses, or answers wrongly, is told by a code.
          if (name === 'data' && problem instanceof Error) {
            expect(problem).toMatchObject({ code: /^invalid_(data|option)$/ });
          } else expect(problem).toBeUndefined();
        }),
        runs(1_500),
      );
      expect(Math.min(seen.refused, seen.taken)).toBeGreaterThanOrEqual(scaled(5));
    },
    PATIENCE,
  );
});

const PROTOCOL: Kinds = {
  basePath: (value) => typeof value === 'string' && /^(\/[\w.~-]+)+$/.test(value),
  routes: isOneOf('default', 'all', 'none'),
  refreshTransport: isOneOf('cookie', 'body'),
  onStoreError: isOneOf('fail', 'anonymous'),
  jwks: isOneOf(true, false),
  'cookie.name': (value) => typeof value === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(value),
  'cookie.secure': isOneOf(true, false),
  'cookie.persistent': isOneOf(true, false),
  'cookie.sameSite': isOneOf('lax', 'strict', 'none'),
  'cookie.path': (value) => typeof value === 'string' && /^\/[^;,\s]*$/.test(value),
  'cookie.partitioned': isOneOf(true, false),
  'csrf.allowSameSite': isOneOf(true, false),
  'csrf.origins': (value) =>
    typeof value === 'function' ||
    (Array.isArray(value) && Array.from(value).every((origin) => typeof origin === 'string')),
};

/** A value that each option takes: without it, whole runs would take none. */
const TAKEN: Readonly<Record<string, unknown>> = {
  basePath: '/auth',
  routes: 'all',
  refreshTransport: 'body',
  onStoreError: 'anonymous',
  jwks: true,
  'cookie.name': 'id',
  'cookie.secure': true,
  'cookie.persistent': false,
  'cookie.sameSite': 'strict',
  'cookie.path': '/',
  'cookie.partitioned': false,
  'csrf.allowSameSite': true,
  'csrf.origins': ['https://app.example.com'],
};

const NEAR_PROTOCOL = fc.oneof(
  near('/session', '/', 'all', 'body', 'fail', 'lax', 'none', true, false, 'sess'),
  near('https://app.example.com', 'null', '*').map((origin) => [origin]),
  anyValue.map((origin) => [origin]),
  // biome-ignore lint/suspicious/noSparseArray: a list with a hole is what is tried.
  fc.constantFrom<unknown>([, 'https://app.example.com'], new Array(2)),
);

/** `cookie.name` is the member `name` of the option `cookie`. */
function optionAt(path: string, value: unknown): object {
  const [outer = '', inner] = path.split('.');
  return { [outer]: inner === undefined ? value : { [inner]: value } };
}

describe('the options of the middleware', () => {
  it('the middleware throws for any invalid option and names it', () => {
    const seen = { refused: 0, taken: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(PROTOCOL)),
        fc.option(fc.oneof(anyValue, NEAR_PROTOCOL), { nil: undefined, freq: 9 }),
        fc.boolean(),
        (path, chosen, isPlain) => {
          const value = chosen === undefined ? TAKEN[path] : chosen;
          if (value === undefined) return;
          const given = optionAt(path, value) as HttpOptions;
          const plain = { cookie: { secure: false, ...given.cookie } };
          const options = isPlain && path.startsWith('cookie.') ? plain : given;
          const outcome = outcomeOf(path, () => {
            const { cookie } = readHttpOptions(options);
            const line = cookie?.write('value', 1) ?? '';
            expect(line).not.toMatch(/[\r\n]/);
            // Browsers drop the one without the other.
            if (line.includes('SameSite=None')) expect(line).toContain('; Secure');
          });
          seen[outcome] += 1;
          if (outcome === 'taken') expect(PROTOCOL[path]?.(value)).toBe(true);
        },
      ),
      runs(3_000, 400),
    );
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThanOrEqual(scaled(3));
  });

  it('and groups of them are objects', () => {
    fc.assert(
      fc.property(fc.constantFrom('cookie', 'csrf'), anyValue, (name, value) => {
        if (value === undefined) return;
        const outcome = outcomeOf(name, () => readHttpOptions({ [name]: value } as object));
        if (outcome === 'taken') expect(typeof value).toBe('object');
      }),
      runs(500),
    );
  });

  it('come after an engine, and nothing else is taken for one', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        if (value === undefined) return;
        expect(() => assertSessions(value as never)).toThrow(
          expect.objectContaining({ name: 'UsageError', code: 'invalid_argument' }),
        );
      }),
      runs(500),
    );
  });
});

describe('requireSession', () => {
  it('refuses what is no duration and no condition', () => {
    const option = fc.oneof(
      fc.tuple(fc.constant('authenticatedWithin'), fc.oneof(anyValue, nearDuration)),
      fc.tuple(fc.constant('where'), anyValue),
    );
    fc.assert(
      fc.property(option, ([name, value]) => {
        if (value === undefined) return;
        const outcome = outcomeOf(name, () => createGuard({ [name]: value } as GuardOptions));
        const isKind = name === 'where' ? typeof value === 'function' : isDuration(value);
        if (outcome === 'taken') expect(isKind).toBe(true);
      }),
      runs(1_000),
    );
  });
});

describe('what was taken once, and is not', () => {
  const unasked = (options: object) => () => readHttpOptions(options);

  it.each<[string, () => unknown]>([
    ['random', () => createSessions({ random: Math.random as never })],
    ['random', () => createSessions({ random: () => new Uint8Array(4) })],
    ['accessToken', () => createSessions({ accessToken: memoryStore() as never })],
    ['clock', () => createSessions({ clock: { now: () => 'noon' as never } })],
    ['onLimit', () => createSessions({ onLimit: Object.create(null) as never })],
    // Found in the table by its text, and by no comparison: a cookie that browsers drop.
    ['cookie.sameSite', unasked({ cookie: { sameSite: ['none'], secure: false } })],
    // What has no text of its own.
    ['basePath', unasked({ basePath: 5n })],
    ['csrf.origins', unasked({ csrf: { origins: new Array(1) } })],
  ])('%s', (name, make) => {
    expect(outcomeOf(name, make)).toBe('refused');
  });
});
