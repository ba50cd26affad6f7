import type { RegisteredData, RequestSession, Session } from '@sess/core';
import { createGuard, createMistake, type GuardOptions, type Reply } from '@sess/core/http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { getRequestSession } from './attach.js';
import { sendReplyOrFail } from './exchange.js';

/** `Record` of any members, as the types of Express constrain `locals`. */
type AnyLocals = Response extends Response<infer _, infer Locals> ? Locals : never;

/** A request that has passed `requireSession`. The types after `Data` are those of the route, as in `RequestHandler`. */
export type GuardedRequest<
  Data extends object = RegisteredData,
  Params = Request['params'],
  ResBody = unknown,
  ReqBody = Request['body'],
  Query = Request['query'],
  Locals extends AnyLocals = AnyLocals,
> = Request<Params, ResBody, ReqBody, Query, Locals> & {
  readonly session: Session<Data>;
  readonly sessions: RequestSession<Data>;
};

/** A handler behind `requireSession`: its `req.session` is never `null`, and it keeps the types of its route. */
export type SessionHandler<
  Data extends object = RegisteredData,
  Params = Request['params'],
  ResBody = unknown,
  ReqBody = Request['body'],
  Query = Request['query'],
  Locals extends AnyLocals = AnyLocals,
> = (
  req: GuardedRequest<Data, Params, ResBody, ReqBody, Query, Locals>,
  res: Response<ResBody, Locals>,
  next: NextFunction,
) => unknown;

/** A guard without a handler. It names no parameters, so that those of the route stay with the next handler. */
type SessionGuard = (req: object, res: Response, next: NextFunction) => Promise<void> | undefined;

/**
 * Creates a guard for a route: 401 without a session, 401 with a challenge if the last authentication is older than
 * `authenticatedWithin`, 403 if `where` returns `false` (RFC 6750, section 3; RFC 9470).
 *
 * ```ts
 * app.get('/me', requireSession(), handler)
 * app.get('/me', requireSession((req, res) => res.json(req.session)))   // req.session is not null here
 * ```
 *
 * A wrapped handler gets the types that are given to the route: `app.get<'/orders/:id', { id: string }>(…)`. TypeScript
 * passes no inferred parameters to it, because they are a default type of Express; name them at `requireSession` or at `req`.
 *
 * @throws {UsageError} `invalid_option`
 */
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
): SessionGuard;
export function requireSession<
  Data extends object = RegisteredData,
  Params = Request['params'],
  ResBody = unknown,
  ReqBody = Request['body'],
  Query = Request['query'],
  Locals extends AnyLocals = AnyLocals,
>(
  options: GuardOptions<Data>,
  handler: SessionHandler<Data, Params, ResBody, ReqBody, Query, Locals>,
): RequestHandler<Params, ResBody, ReqBody, Query, Locals>;
export function requireSession<
  Data extends object = RegisteredData,
  Params = Request['params'],
  ResBody = unknown,
  ReqBody = Request['body'],
  Query = Request['query'],
  Locals extends AnyLocals = AnyLocals,
>(
  handler: SessionHandler<Data, Params, ResBody, ReqBody, Query, Locals>,
): RequestHandler<Params, ResBody, ReqBody, Query, Locals>;
export function requireSession<Data extends object>(
  first: GuardOptions<Data> | SessionHandler<Data> = {},
  second?: SessionHandler<Data>,
): (req: Request, res: Response, next: NextFunction) => Promise<void> | undefined {
  if (second !== undefined && typeof second !== 'function') {
    throw createMistake('invalid_argument', 'requireSession');
  }
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  const guard = createGuard(options);

  function handle(
    handler: SessionHandler<Data>,
    ...[req, res, next]: Parameters<SessionHandler<Data>>
  ): Promise<void> | undefined {
    try {
      const result = handler(req, res, next);
      // A promise of any library: its rejection goes to the error handlers, in Express 4 too.
      if (typeof (result as Partial<PromiseLike<void>> | undefined)?.then !== 'function')
        return undefined;
      return Promise.resolve(result as PromiseLike<void>).then(undefined, next);
    } catch (error) {
      next(error);
      return undefined;
    }
  }

  // No async function: a guard that has nothing to wait for costs no promise, and no turn of the queue.
  return (req, res, next) => {
    const proceed = (reply: Reply | undefined): Promise<void> | undefined => {
      if (reply !== undefined) sendReplyOrFail(res, reply, next);
      else if (handler !== undefined)
        return handle(handler, req as GuardedRequest<Data>, res, next);
      else next();
      return undefined;
    };
    let reply: ReturnType<typeof guard>;
    try {
      reply = guard(getRequestSession(req));
    } catch (error) {
      next(error);
      return undefined;
    }
    return reply instanceof Promise ? reply.then(proceed, next) : proceed(reply);
  };
}
