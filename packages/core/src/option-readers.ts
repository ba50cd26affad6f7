import { type AccessTokens, opaque } from './access-tokens.js';
import { UsageError } from './errors.js';
import type { SessionStore } from './store/store.js';
import { createRandomBytes, type RandomBytes } from './token/crypto.js';
import { type Clock, systemClock } from './util/clock.js';
import type { StandardSchema } from './util/json.js';
import { defaultLogger, type Logger } from './util/logger.js';
import { option, optionError, port, type Reader } from './util/options.js';

/** Reads a clock; checks that it returns a number. */
export const clockOption: Reader<Clock> = (name, value) => {
  const repair = 'Give an object whose now() returns epoch milliseconds.';
  const clock = port<Clock>({ methods: ['now'], default: () => systemClock, repair })(name, value);
  if (Number.isFinite(clock.now())) return clock;
  throw optionError({ option: name, expected: 'a clock', value, repair });
};

/** Reads a logger. Default: warnings and errors become process warnings. */
export const loggerOption: Reader<Logger> = port<Logger>({
  methods: ['debug', 'info', 'warn', 'error'],
  default: () => defaultLogger,
  repair: 'Give a pino-style logger, or wrap yours with messageFirst().',
});

/** Reads a source of random bytes. Default: a pool of the operating system's generator. */
export const randomOption: Reader<RandomBytes> = (name, value) => {
  if (value === undefined) return createRandomBytes();
  const expected = 'a function that returns the requested number of bytes';
  if (typeof value !== 'function') throw optionError({ option: name, expected, value });
  const draw = (size: number): Uint8Array => {
    const bytes: unknown = value(size);
    // A shorter result would make secrets that can be guessed.
    if (bytes instanceof Uint8Array && bytes.length === size) return bytes;
    throw optionError({ option: name, expected, value: bytes });
  };
  draw(1);
  return draw;
};

/** Reads a Standard Schema. */
export const schemaOption: Reader<StandardSchema<object> | undefined> = option<
  StandardSchema<object>
>({
  expected: 'a schema with the Standard Schema interface',
  accepts: (value) =>
    typeof (value as StandardSchema | null)?.['~standard']?.validate === 'function',
  repair: 'Give one of zod, valibot, arktype or another library that implements it.',
});

/** Reads a pepper. The message does not contain the value: it may be part of a secret. */
export const subjectPepperOption: Reader<string | undefined> = (name, value) => {
  if (value === undefined || (typeof value === 'string' && value.length >= 16)) return value;
  throw new UsageError(
    'invalid_option',
    `${name}: expected a secret string of at least 16 characters, got another value.`,
  );
};

const STORE_REPAIR = 'Give memoryStore() or another store.';

/** Reads a store, with its timeout. */
export const storeOption: Reader<SessionStore> = (name, value) => {
  const store = port<SessionStore>({
    methods: [
      'load',
      'insert',
      'replaceAuth',
      'replaceData',
      'remove',
      'list',
      'removeAll',
      'ready',
      'close',
    ],
    repair: STORE_REPAIR,
  })(name, value);
  if (store === undefined) {
    throw optionError({ option: name, expected: 'a store', value, repair: STORE_REPAIR });
  }
  if (Number.isFinite(store.timeout) && store.timeout > 0) return store;
  const expected = 'milliseconds greater than 0';
  throw optionError({ option: `${name}.timeout`, expected, value: store.timeout });
};

/** Reads a kind of access token. Default: `opaque()`. */
export const accessTokenOption: Reader<AccessTokens> = (name, value) => {
  const repair = 'Give opaque() or another kind of token.';
  const tokens = port<AccessTokens>({ methods: ['open'], default: opaque, repair })(name, value);
  // A store has a method open() too, but no kind.
  if (typeof tokens.kind === 'string') return tokens;
  throw optionError({ option: name, expected: 'a kind of access token', value, repair });
};
