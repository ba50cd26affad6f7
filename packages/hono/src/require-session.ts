import type { RegisteredData } from '@sess/core';
import { createGuard, createMistake, type GuardOptions } from '@sess/core/http';
import type { MiddlewareHandler } from 'hono';
import { type GuardedEnv, getRequestSession } from './context.js';
import { toResponse } from './errors.js';

/**
 * Creates a guard for a route: 401 without a session, 401 with a challenge if the last authentication is older than
 * `authenticatedWithin`, 403 if `where` returns `false` (RFC 6750, section 3; RFC 9470). Handlers after it have a
 * `c.var.session` that is never `null`.
 *
 * ```ts
 * app.get('/me', requireSession(), (c) => c.json(c.var.session))
 * ```
 *
 * @throws {UsageError} `invalid_option`
 */
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
  ...none: readonly never[]
): MiddlewareHandler<GuardedEnv<Data>> {
  if (none.length > 0) {
    throw createMistake('invalid_argument', 'requireSession');
  }
  const guard = createGuard(options);
  return async (c, next) => {
    const reply = await guard(getRequestSession(c));
    if (reply !== undefined) return toResponse(c, reply);
    await next();
    return undefined;
  };
}
