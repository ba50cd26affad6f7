import { UsageError } from '../errors.js';

type Mistake = 'middleware_conflict' | 'middleware_missing' | 'answer_sent' | 'invalid_argument';

/** Texts of the mistakes, by code. `name` is the property or the function, `repair` the call to write. */
const TEXTS: Readonly<Record<Mistake, (name: string, repair: string | undefined) => string>> = {
  middleware_conflict: (name, repair) =>
    `${name}: expected one middleware to own it, got sessionMiddleware() and another one. ${repair}`,
  middleware_missing: (name, repair) =>
    `${name}: expected the session middleware before it, got none. Write ${repair} before the route.`,
  answer_sent: (name) =>
    `${name}: expected a response that is not sent yet, got one that is, so no cookie can be set. Await start(), end() and elevate() before the response.`,
  invalid_argument: (name) =>
    `${name}: expected to be called when the application is set up, got the arguments of a handler. Write ${name}() with parentheses.`,
};

/**
 * Creates the error for a mistake in the use of an adapter: two owners of one property, a guard without the middleware,
 * a response that was sent too early, or a factory without parentheses. For adapters.
 */
export function createMistake(code: Mistake, name: string, repair?: string): UsageError {
  return new UsageError(code, TEXTS[code](name, repair));
}
