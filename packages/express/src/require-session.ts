import type { RegisteredData, Session } from '@sess/core';
import { createGuard, type GuardOptions } from '@sess/core/http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { sendReply } from './exchange.js';
import { openedFor } from './middleware.js';

/** A request that has passed `requireSession`. */
export type GuardedRequest<Data extends object = RegisteredData> = Request & {
  readonly session: Session<Data>;
};

/** A handler behind `requireSession`: its `req.session` is never `null`. */
export type SessionHandler<Data extends object = RegisteredData> = (
  req: GuardedRequest<Data>,
  res: Response,
  next: NextFunction,
) => unknown;

/**
 * Guards a route: 401 without a session, 401 with a challenge when the last sign-in is too long ago, 403 when
 * `where` says no (RFC 6750, section 3; RFC 9470).
 *
 * ```ts
 * app.get('/me', requireSession(), handler)
 * app.get('/me', requireSession((req, res) => res.json(req.session)))   // req.session is not null in here
 * ```
 *
 * @throws UsageError `invalid_option`
 */
export function requireSession<Data extends object = RegisteredData>(
  options?: GuardOptions<Data>,
  handler?: SessionHandler<Data>,
): RequestHandler;
export function requireSession<Data extends object = RegisteredData>(
  handler: SessionHandler<Data>,
): RequestHandler;
export function requireSession<Data extends object = RegisteredData>(
  first: GuardOptions<Data> | SessionHandler<Data> = {},
  second?: SessionHandler<Data>,
): RequestHandler {
  const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second];
  const guard = createGuard(options as GuardOptions);

  return async (req, res, next) => {
    try {
      const reply = openedFor(req).guard(guard);
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
