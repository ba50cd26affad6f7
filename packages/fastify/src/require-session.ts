import type { RegisteredData, RequestSession, Session } from '@sess/core';
import { createGuard, createMistake, type GuardOptions, type Reply } from '@sess/core/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendReply } from './exchange.js';
import { getRequestState } from './request-state.js';
import { isSessionRoute } from './routes.js';

/** A request that has passed `requireSession`. */
export type GuardedRequest<Data extends object = RegisteredData, Request = FastifyRequest> = Omit<
  Request,
  'session' | 'sessions'
> & { readonly session: Session<Data>; readonly sessions: RequestSession<Data> };

/** A handler behind `requireSession`: its `request.session` is never `null`. */
export type SessionHandler<
  Data extends object = RegisteredData,
  Request = FastifyRequest,
  Reply = FastifyReply,
  Result = unknown,
> = (this: FastifyInstance, request: GuardedRequest<Data, Request>, reply: Reply) => Result;

/** A handler as routes take it. Its result is inferred, because a type provider checks it against the response schema. */
type RouteHandler<Request, Reply, Result> = (
  request: Request,
  reply: Reply,
) => Result | Promise<Awaited<Result>>;

/** The members of a request that a route types. Inferred one by one, so that a type provider types them too. */
interface RouteParts<Body, Params, Query, Headers> {
  readonly body: Body;
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
}

type RouteRequest<Body, Params, Query, Headers> = Omit<
  FastifyRequest,
  'body' | 'params' | 'query' | 'headers'
> & {
  body: Body;
  params: Params;
  query: Query;
  headers: Headers;
};

/** A guard without a handler: a hook for each route type. */
type SessionGuard = (request: Pick<FastifyRequest, 'session'>, reply: object) => Promise<unknown>;

/**
 * Creates a guard for a route: 401 without a session, 401 with a challenge if the last authentication is older than
 * `authenticatedWithin`, 403 if `where` returns `false` (RFC 6750, section 3; RFC 9470).
 *
 * ```ts
 * app.get('/me', requireSession((request) => request.session))   // request.session is not null here
 * app.get('/tea', { preHandler: requireSession() }, () => 'tea')
 * app.addHook('preHandler', requireSession())                    // each route of a scope
 * ```
 *
 * Fastify types a handler without regard to hooks, so behind a hook `request.session` may be `null` to the compiler.
 * Wrap a handler that reads the session: it also keeps the types of its route and of a type provider.
 *
 * As `preHandler`, or around a handler, it runs after the body is parsed and validated; as `onRequest`, before. In a
 * hook it ignores session routes, because they check the session themselves.
 *
 * @throws {UsageError} `invalid_option`
 */
export function requireSession<
  Data extends object = RegisteredData,
  Body = unknown,
  Params = unknown,
  Query = unknown,
  Headers = FastifyRequest['headers'],
  Reply = FastifyReply,
  Result = unknown,
>(
  handler: SessionHandler<Data, RouteRequest<Body, Params, Query, Headers>, Reply, Result>,
): RouteHandler<RouteParts<Body, Params, Query, Headers>, Reply, Result>;
export function requireSession<
  Data extends object = RegisteredData,
  Body = unknown,
  Params = unknown,
  Query = unknown,
  Headers = FastifyRequest['headers'],
  Reply = FastifyReply,
  Result = unknown,
>(
  options: GuardOptions<Data>,
  handler: SessionHandler<Data, RouteRequest<Body, Params, Query, Headers>, Reply, Result>,
): RouteHandler<RouteParts<Body, Params, Query, Headers>, Reply, Result>;
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
): SessionGuard;
export function requireSession<Data extends object>(
  first: GuardOptions<Data> | SessionHandler<Data> = {},
  second?: SessionHandler<Data>,
): (request: FastifyRequest, reply: FastifyReply) => unknown {
  if (second !== undefined && typeof second !== 'function') {
    throw createMistake('invalid_argument', 'requireSession');
  }
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  const guard = createGuard(options);

  if (handler === undefined) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      if (isSessionRoute(request)) return;
      const answer = await guard(getRequestState(request));
      if (answer !== undefined) return sendReply(reply, answer);
    };
  }
  return function (this: unknown, request, reply) {
    const proceed = (answer: Reply | undefined): unknown =>
      answer === undefined
        ? handler.call(this as FastifyInstance, request as GuardedRequest<Data>, reply)
        : sendReply(reply, answer);
    // Without a promise where none is needed: one more would be most of the cost of the guard.
    const answer = guard(getRequestState(request));
    return answer instanceof Promise ? answer.then(proceed) : proceed(answer);
  };
}
