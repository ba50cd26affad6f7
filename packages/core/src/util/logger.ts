import { emitWarning, systemClock } from './clock.js';
import { createLineLimiter } from './line-limiter.js';

/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A logger in pino's form: fields first, then the text. Bunyan, pino and Fastify's logger fit as they are. */
export interface Logger {
  /** Rejected credentials: an attacker can cause a line with each request. */
  debug(fields: LogFields, message: string): void;
  /** Sessions that were created, elevated or revoked. */
  info(fields: LogFields, message: string): void;
  /** Reuse, lost or unconfirmed writes, and set-ups that are not meant for production. */
  warn(fields: LogFields, message: string): void;
  /** Failures of stores and listeners. */
  error(fields: LogFields, message: string): void;
}

/** A logger that takes the text first, as winston's and the console's do. */
export interface MessageFirstLogger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type Level = keyof Logger;
type Line = (fields: LogFields, message: string) => void;

function createLogger(write: (level: Level) => Line): Logger {
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** Makes a logger of the form `(message, fields)` fit: `logger: messageFirst(winston)`. */
export function messageFirst(logger: MessageFirstLogger): Logger {
  return createLogger((level) => (fields, message) => logger[level](message, fields));
}

const silent: Line = () => {};

const warn: Line = (fields, message) => {
  const error = fields['error'];
  const detail = error instanceof Object && 'message' in error ? ` (${String(error.message)})` : '';
  emitWarning(`${message}${detail}`);
};

/**
 * What is used when no logger is given: warnings and errors become process warnings, which Node prints
 * to standard error; debug and info lines go nowhere.
 */
export const defaultLogger: Logger = { debug: silent, info: silent, warn, error: warn };

/** Tokens of this library, and JWTs. */
const TOKEN = /s[ar]t_[\w.-]{8,}|eyJ[\w-]+\.[\w-]+\.[\w-]*/g;
/** Any other run that may be a credential or a digest: long, in base64url or hex. */
const LONG = /[\w-]{20,}/g;

/** For the text of a line, which is the library's own words. */
function cutTokens(text: string): string {
  return text.replace(TOKEN, (run) =>
    run[3] === '_' ? `${run.slice(0, 4)}…` : `${run.slice(0, 8)}…`,
  );
}

/** For what comes from elsewhere. */
function cut(text: string): string {
  return cutTokens(text).replace(LONG, (run) => `${run.slice(0, 8)}…`);
}

function redact(name: string, value: unknown): unknown {
  // A session id is public by design, and the one long run that a log needs whole.
  if (name === 'sid' && typeof value === 'string' && /^[\w-]{32}$/.test(value)) return value;
  if (typeof value === 'string') return cut(value);
  if (value instanceof Error) return redactError(value);
  return typeof value === 'number' || typeof value === 'boolean' || value === undefined
    ? value
    : '[object]';
}

/** A store may reject with anything, an error with odd properties included. */
function redactError(error: Error & { readonly code?: unknown }): unknown {
  const { name, message, code } = error;
  const text = (value: unknown): string => (typeof value === 'string' ? cut(value) : '');
  return {
    name: text(name),
    message: text(message),
    ...(typeof code === 'string' ? { code: cut(code) } : {}),
  };
}

function redactFields(fields: LogFields): LogFields {
  const safe: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    try {
      safe[name] = redact(name, value);
    } catch {
      // A property that throws when it is read is of no use in a log.
      safe[name] = '[unreadable]';
    }
  }
  return safe;
}

/** True for what an outage writes with each request. Lines about one session, as of a stolen token, are never left out. */
const isOfOutage = (level: Level, { error, operation }: LogFields): boolean =>
  (level === 'warn' || level === 'error') && (error !== undefined || operation !== undefined);

/**
 * Wraps the caller's logger: texts are cut to 8 characters where they could be a credential or a digest,
 * errors lose everything but name, code and message, other objects are not passed on. Of equal lines about failures,
 * ten are written in ten seconds, and the next one has their number as `leftOut`. A logger that throws or rejects does
 * not fail the request.
 */
export function createRedactingLogger(
  logger: Logger,
  elapsed: () => number = () => systemClock.elapsed?.() ?? 0,
): Logger {
  const limiter = createLineLimiter(elapsed);
  return createLogger((level) => {
    // What goes nowhere need not be fit to be seen.
    if (logger[level] === silent) return silent;
    return (given, message) => {
      let fields = given;
      if (isOfOutage(level, given)) {
        const leftOut = limiter.admit(`${message} ${String(given['operation'])}`);
        if (leftOut === undefined) return;
        if (leftOut > 0) fields = { ...given, leftOut };
      }
      try {
        const outcome: unknown = logger[level](redactFields(fields), cutTokens(message));
        // There is nowhere left to report a logger's own failure to.
        if (outcome instanceof Promise) outcome.catch(() => {});
      } catch {
        // As above.
      }
    };
  });
}
/** Node's `util.inspect` (and so the console) calls a method of this name. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const SECRET = /^(access|refresh)_?token$/i;

/** One descriptor for all objects: with a function each, they would not share their hidden class. */
const INSPECTION: PropertyDescriptor & ThisType<object> = {
  value() {
    const shown = Object.entries(this).map(([name, part]) => [
      name,
      SECRET.test(name) ? '[hidden]' : part,
    ]);
    return Object.fromEntries(shown);
  },
};

/** Makes an object show itself without its tokens. JSON still holds them: a program may have to send it. */
export function hideTokens<Value extends object>(value: Value): Value {
  return Object.defineProperty(value, INSPECT, INSPECTION);
}
