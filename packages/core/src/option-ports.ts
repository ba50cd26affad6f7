import { type AccessTokens, opaque } from './access-tokens.js';
import { type Clock, systemClock } from './clock.js';
import { invalidOption } from './errors.js';
import { defaultLogger, type Logger } from './logger.js';
import type { StandardSchema } from './schema.js';
import { memoryStore } from './store/memory.js';
import type { SessionStore } from './store/store.js';
import { createRandomBytes, type RandomBytes } from './token/random.js';

/*
 * What an engine is plugged into, each looked at once, at construction: a Redis client in place of a store
 * would otherwise fail at the first request.
 */

const STORE_METHODS = [
  'load',
  'insert',
  'replaceAuth',
  'replaceData',
  'remove',
  'list',
  'removeAll',
  'ready',
  'close',
] as const;

export function resolveStore(store: SessionStore | undefined): SessionStore {
  const resolved = resolvePort('store', store, STORE_METHODS, memoryStore);
  if (Number.isFinite(resolved.timeout) && resolved.timeout > 0) return resolved;
  throw invalidOption('store.timeout must be milliseconds.');
}

/** What each port is made by, for the message. */
const MADE_BY = {
  store: 'memoryStore() or another store',
  accessToken: 'opaque() or another kind of token',
  clock: 'one whose now() answers epoch milliseconds',
  random: 'one that answers so many bytes',
  logger: 'a pino-style logger, or wrap yours with messageFirst()',
} as const;

/** Takes the given port if it has the methods, the default if none is given, and nothing else. */
function resolvePort<Port extends object>(
  name: keyof typeof MADE_BY,
  given: Port | undefined,
  methods: readonly (keyof Port & string)[],
  makeDefault: () => Port,
): Port {
  if (given === undefined) return makeDefault();
  const missing = methods.find((method) => typeof given?.[method] !== 'function');
  if (missing === undefined) return given;
  throw invalidOption(`${name} has no method '${missing}'. Give ${MADE_BY[name]}.`);
}

export function resolveRandom(given: RandomBytes | undefined): RandomBytes {
  if (given === undefined) return createRandomBytes();
  const draw = (size: number): Uint8Array => {
    const bytes = given(size);
    // Fewer than were asked for would make secrets that somebody can guess.
    return assertMade('random', bytes, bytes instanceof Uint8Array && bytes.length === size);
  };
  assertMade('random', given, typeof given === 'function');
  draw(1);
  return draw;
}

export function resolveAccessTokens(given: AccessTokens | undefined): AccessTokens {
  const tokens = resolvePort('accessToken', given, ['open'], opaque);
  // A store has a method open() too, and is of no kind.
  return assertMade('accessToken', tokens, typeof tokens.kind === 'string');
}

export function resolveClock(given: Clock | undefined): Clock {
  const clock = resolvePort('clock', given, ['now'], () => systemClock);
  return assertMade('clock', clock, Number.isFinite(clock.now()));
}

export function resolveLogger(given: Logger | undefined): Logger {
  return resolvePort('logger', given, ['debug', 'info', 'warn', 'error'], () => defaultLogger);
}

export function resolveSchema(
  schema: StandardSchema<object> | undefined,
): StandardSchema<object> | undefined {
  if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function') {
    throw invalidOption(
      'data must be a schema with the Standard Schema interface, as zod, valibot and arktype make them.',
    );
  }
  return schema;
}

export function resolveSubjectPepper(given: string | undefined): string | undefined {
  if (given === undefined || (typeof given === 'string' && given.length >= 16)) return given;
  throw invalidOption('subjectPepper must be a secret string of at least 16 characters.');
}

/** A port, if it is one. */
function assertMade<Port>(name: keyof typeof MADE_BY, port: Port, isOne: boolean): Port {
  if (isOne) return port;
  throw invalidOption(`${name} is none. Give ${MADE_BY[name]}.`);
}
