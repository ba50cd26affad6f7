import type { RegisteredData, Session } from '@sess/core';
import { createGuard, type GuardOptions } from '@sess/core/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendReply } from './exchange.js';
import { openedFor } from './opened.js';
import { isSessionRoute } from './routes.js';

/** A request that has passed `requireSession`. */
export type GuardedRequest<
  Data extends object = RegisteredData,
  Request = FastifyRequest,
> = Request & { readonly session: Session<Data> };

/** A handler behind `requireSession`: its `request.session` is never `null`. */
export type SessionHandler<
  Data extends object = RegisteredData,
  Request = FastifyRequest,
  Reply = FastifyReply,
> = (this: FastifyInstance, request: GuardedRequest<Data, Request>, reply: Reply) => unknown;

/** What `requireSession` makes of options alone: a hook for any route. */
export type SessionGuard = (
  request: Pick<FastifyRequest, 'session'>,
  reply: object,
) => Promise<unknown>;

/**
 * Guards a route: 401 without a session, 401 with a challenge when the last sign-in is too long ago, 403 when
 * `where` says no (RFC 6750, section 3; RFC 9470).
 *
 * ```ts
 * app.get('/me', { preHandler: requireSession() }, handler)
 * app.get('/me', requireSession((request) => request.session))   // request.session is not null in here
 * app.addHook('preHandler', requireSession())                    // every route of a scope
 * ```
 *
 * As `preHandler`, or around a handler, it comes after the body is parsed and validated; as `onRequest`, before.
 * Session routes pass a guard of their scope, for they have their own.
 *
 * @throws UsageError `invalid_option`
 */
export function requireSession<
  Data extends object = RegisteredData,
  Request = FastifyRequest,
  Reply = FastifyReply,
>(handler: SessionHandler<Data, Request, Reply>): (request: Request, reply: Reply) => unknown;
export function requireSession<
  Data extends object = RegisteredData,
  Request = FastifyRequest,
  Reply = FastifyReply,
>(
  options: GuardOptions<Data>,
  handler: SessionHandler<Data, Request, Reply>,
): (request: Request, reply: Reply) => unknown;
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
): SessionGuard;
export function requireSession<Data extends object>(
  first: GuardOptions<Data> | SessionHandler<Data> = {},
  second?: SessionHandler<Data>,
): (request: FastifyRequest, reply: FastifyReply) => unknown {
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  const guard = createGuard(options as GuardOptions);

  if (handler === undefined) {
    return async (request, reply) => {
      if (isSessionRoute(request)) return;
      const answer = openedFor(request).guard(guard);
      if (answer !== undefined) return sendReply(reply, answer);
    };
  }
  // Answers what the handler does, a promise or not: a promise more would be most of what the guard costs.
  return function (this: unknown, request, reply) {
    const answer = openedFor(request).guard(guard);
    if (answer !== undefined) return sendReply(reply, answer);
    return handler.call(this as FastifyInstance, request as GuardedRequest<Data>, reply);
  };
}
