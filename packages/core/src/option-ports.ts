import { type Clock, systemClock } from './clock.js';
import { UsageError } from './errors.js';
import { defaultLogger, type Logger } from './logger.js';
import type { StandardSchema } from './schema.js';
import { memoryStore } from './store/memory.js';
import type { SessionStore } from './store/store.js';
import { type AccessTokenPort, type AccessTokens, opaque } from './token/access-tokens.js';
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
const OPTIONAL_STORE_METHODS = ['open', 'read', 'peek'] as const;

export function resolveStore(store: SessionStore | undefined): SessionStore {
  const resolved = resolvePort('store', store, STORE_METHODS, memoryStore);
  if (!Number.isFinite(resolved.timeout) || resolved.timeout <= 0) {
    throw invalid('store.timeout must be a number of milliseconds, as in 1000.');
  }
  const wrong = OPTIONAL_STORE_METHODS.find(
    (method) => resolved[method] !== undefined && typeof resolved[method] !== 'function',
  );
  if (wrong === undefined) return resolved;
  throw invalid(`store.${wrong} must be a method, or be left out.`);
}

/** What each port is made by, for the message. */
const MADE_BY = {
  store: 'memoryStore() or another store',
  accessToken: 'opaque() or another kind of token',
  clock: 'an object with now(), which answers epoch milliseconds',
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
  throw invalid(`${name} has no method '${missing}'. Give ${MADE_BY[name]}.`);
}

export function resolveRandom(given: RandomBytes | undefined): RandomBytes {
  if (given === undefined) return createRandomBytes();
  const draw = (size: number): Uint8Array => {
    const bytes: unknown = given(size);
    // Fewer bytes than were asked for would make secrets that somebody can guess.
    if (bytes instanceof Uint8Array && bytes.length === size) return bytes;
    throw invalid(NO_GENERATOR);
  };
  if (typeof given === 'function' && canDraw(draw)) return draw;
  throw invalid(NO_GENERATOR);
}

const NO_GENERATOR =
  'random must be a function that answers as many random bytes as it is asked for, in a Uint8Array.';

function canDraw(draw: RandomBytes): boolean {
  try {
    draw(1);
    return true;
  } catch {
    // Told to the caller as what it is: a wrong option.
    return false;
  }
}

export function resolveAccessTokens(given: AccessTokens | undefined): AccessTokens {
  const { kind, ttl } = resolvePort('accessToken', given, ['open'], opaque);
  if (typeof kind === 'string' && (ttl === undefined || (Number.isFinite(ttl) && ttl > 0)))
    return given ?? opaque();
  // A store has a method open() too.
  throw invalid(`accessToken is no kind of token. Give ${MADE_BY.accessToken}.`);
}

const REVOCATIONS: ReadonlySet<unknown> = new Set(['store', 'denylist', 'none']);

/** What a kind of token answered when it was opened. */
export function assertTokenPort(port: AccessTokenPort): AccessTokenPort {
  const isPort =
    typeof port?.issue === 'function' &&
    typeof port.read === 'function' &&
    REVOCATIONS.has(port.revocation) &&
    (port.revocation === 'denylist') === (port.denylist !== undefined);
  if (isPort) return port;
  throw invalid(`accessToken: its open() answered no port. Give ${MADE_BY.accessToken}.`);
}

export function resolveClock(given: Clock | undefined): Clock {
  const clock = resolvePort('clock', given, ['now'], () => systemClock);
  if (Number.isFinite(clock.now())) return clock;
  throw invalid('clock.now() must answer a number, epoch milliseconds.');
}

export function resolveLogger(given: Logger | undefined): Logger {
  return resolvePort('logger', given, ['debug', 'info', 'warn', 'error'], () => defaultLogger);
}

export function resolveSchema(
  schema: StandardSchema<object> | undefined,
): StandardSchema<object> | undefined {
  if (schema !== undefined && typeof schema?.['~standard']?.validate !== 'function') {
    throw invalid(
      'data must be a schema with the Standard Schema interface, as zod, valibot and arktype make them.',
    );
  }
  return schema;
}

export function resolveSubjectPepper(given: string | undefined): string | undefined {
  if (given === undefined || (typeof given === 'string' && given.length >= 16)) return given;
  throw invalid('subjectPepper must be a secret string of at least 16 characters.');
}

function invalid(message: string): UsageError {
  return new UsageError('invalid_option', message);
}
