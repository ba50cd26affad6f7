import { UsageError } from '../errors.js';
import type { Register, RegisteredData, Sessions } from '../types.js';

/** Once a data type is registered, a request's session has it, and an engine of another type is a mistake. */
export type SessionsFor<Data extends object> = Register extends { data: object }
  ? Sessions<RegisteredData>
  : Sessions<Data>;

/**
 * The engine that an application gave to its middleware, as the type that requests show. For adapters.
 *
 * @throws UsageError `invalid_argument`
 */
export function assertSessions<Data extends object>(
  sessions: SessionsFor<Data> | undefined,
): Sessions | undefined {
  if (sessions !== undefined && typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      'sessionMiddleware() takes an engine first: sessionMiddleware(createSessions({ … }), { … }). To set options only, pass undefined first.',
    );
  }
  // The type that a request's session has is the registered one; the engine's own is the caller's to match.
  return sessions as unknown as Sessions | undefined;
}
