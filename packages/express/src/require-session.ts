import type { RegisteredData, RequestSession, Session } from '@sess/core';
import { createGuard, createMistake, type GuardOptions } from '@sess/core/http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { sendReply } from './exchange.js';
import { getRequestSession } from './middleware.js';

/** A request that has passed `requireSession`. */
export type GuardedRequest<
  Data extends object = RegisteredData,
  Params = Request['params'],
> = Request<Params> & {
  readonly session: Session<Data>;
  readonly sessions: RequestSession<Data>;
};

/** A handler behind `requireSession`: its `req.session` is never `null`, and it keeps the parameters of its route. */
export type SessionHandler<Data extends object = RegisteredData, Params = Request['params']> = (
  req: GuardedRequest<Data, Params>,
  res: Response,
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
 * @throws {UsageError} `invalid_option`
 */
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
): SessionGuard;
export function requireSession<Data extends object = RegisteredData, Params = Request['params']>(
  options: GuardOptions<Data>,
  handler: SessionHandler<Data, Params>,
): RequestHandler<Params>;
export function requireSession<Data extends object = RegisteredData, Params = Request['params']>(
  handler: SessionHandler<Data, Params>,
): RequestHandler<Params>;
export function requireSession<Data extends object, Params>(
  first: GuardOptions<Data> | SessionHandler<Data, Params> = {},
  second?: SessionHandler<Data, Params>,
): (req: Request<Params>, res: Response, next: NextFunction) => Promise<void> {
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
        await handler(req as GuardedRequest<Data, Params>, res, next);
        return;
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
