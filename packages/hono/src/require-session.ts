import type { RegisteredData } from '@sess/core';
import { createGuard, type GuardOptions } from '@sess/core/http';
import type { MiddlewareHandler } from 'hono';
import { openedFor } from './context-sessions.js';
import { toResponse } from './reply.js';
import type { GuardedEnv } from './variables.js';

/**
 * Guards a route: 401 without a session, 401 with a challenge when the last sign-in is too long ago, 403 when
 * `where` says no (RFC 6750, section 3; RFC 9470). Handlers after it have a `c.var.session` that is never `null`.
 *
 * ```ts
 * app.get('/me', requireSession(), (c) => c.json(c.var.session))
 * ```
 *
 * @throws UsageError `invalid_option`
 */
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
): MiddlewareHandler<GuardedEnv<Data>> {
  const guard = createGuard(options as GuardOptions<object> | undefined);
  return async (c, next) => {
    const { exchange, request } = openedFor(c);
    await exchange.settleForm();
    const reply = request.guard(guard);
    if (reply !== undefined) return toResponse(c, reply);
    await next();
    return undefined;
  };
}
