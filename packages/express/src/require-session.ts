import type { RegisteredData, RequestSession, Session } from '@sess/core';
import { createGuard, createMistake, type GuardOptions } from '@sess/core/http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { sendReply } from './exchange.js';
import { getRequestSession } from './middleware.js';

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
type SessionGuard = (req: object, res: Response, next: NextFunction) => Promise<void>;

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
): (req: Request, res: Response, next: NextFunction) => Promise<void> {
  if (second !== undefined && typeof second !== 'function') {
    throw createMistake('invalid_argument', 'requireSession');
  }
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  const guard = createGuard(options);

  return async (req, res, next) => {
    try {
      const reply = await guard(getRequestSession(req));
      if (reply !== undefined) {
        sendReply(res, reply);
        return;
      }
      if (handler !== undefined) {
        await handler(req as GuardedRequest<Data>, res, next);
        return;
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
