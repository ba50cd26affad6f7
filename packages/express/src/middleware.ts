import { getSessions, type RegisteredData, UsageError } from '@sess/core';
import {
  assertSessions,
  createSessionHttp,
  type HttpOptions,
  replyToError,
  SessionRequest,
  type SessionsFor,
} from '@sess/core/http';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { ExpressExchange, sendReply } from './exchange.js';

/** The same for all requests: with functions of its own each would get a shape of its own, and slow down all after it. */
const SESSION: PropertyDescriptor = {
  get(this: Request) {
    return openedFor(this).session;
  },
  set: refuseOther,
  configurable: true,
  enumerable: true,
};

/**
 * Reads the `Authorization` header, attaches `req.session` and `req.sessions`, and answers the session routes
 * (`POST /session/refresh` and `POST /session/logout`; all of them with `routes: 'all'`).
 *
 * Without arguments it uses the process-wide engine: the one set up by `configureSessions()`, or one in
 * memory. While the store fails, requests that carry a token get a 503, and others pass.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function sessionMiddleware<Data extends object = RegisteredData>(
  sessions?: SessionsFor<Data>,
  options?: HttpOptions,
): RequestHandler {
  const engine = assertSessions(sessions);
  const http = createSessionHttp(() => engine ?? getSessions(), options);

  return async (req, res, next) => {
    try {
      assertNoOtherSession(req);
      const exchange = new ExpressExchange(req, res);
      const request = http.createRequest(exchange);
      Object.defineProperty(req, 'sessions', { value: request, configurable: true });
      Object.defineProperty(req, 'session', SESSION);
      const reply = await http.handle(request, exchange);
      if (reply !== undefined) {
        sendReply(res, reply);
        return;
      }
    } catch (error) {
      // Express 4 does not look at what a middleware returns: a rejection would end the process.
      next(error);
      return;
    }
    next();
  };
}

/**
 * Turns the library's errors into the answers that belong to them: a store that failed during the request
 * into 503, a session that ended meanwhile into 401, refused data into 400. Mount it after the routes;
 * other errors pass through.
 */
export function sessionErrors(): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    const reply = replyToError(error);
    if (reply === undefined || res.headersSent) {
      next(error);
      return;
    }
    sendReply(res, reply);
  };
}

/** Another session middleware would be given our session to work on, or we its own. */
function assertNoOtherSession(
  req: Request & { readonly session?: unknown; readonly sessions?: unknown },
): void {
  if (req.session !== undefined && !(req.sessions instanceof SessionRequest)) refuseOther();
}

function refuseOther(): never {
  throw new UsageError(
    'middleware_conflict',
    'Two middlewares want req.session: sessionMiddleware() and another one, such as express-session. Mount each on paths of its own.',
  );
}

/** @throws UsageError `middleware_missing` */
export function openedFor(req: Request): SessionRequest {
  const request: unknown = req.sessions;
  if (request instanceof SessionRequest) return request;
  throw new UsageError(
    'middleware_missing',
    'requireSession() needs the middleware before it: app.use(sessionMiddleware()).',
  );
}
