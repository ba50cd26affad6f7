import { getSessions, type RegisteredData, type RequestSession, UsageError } from '@sess/core';
import {
  assertSessions,
  createSessionHttp,
  type HttpOptions,
  isRequestSession,
  replyToError,
  type SessionsFor,
} from '@sess/core/http';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { ExpressExchange, sendReply } from './exchange.js';

/** One descriptor for all requests: with functions of its own, each request would get a new hidden class. */
const SESSION: PropertyDescriptor = {
  get(this: Request) {
    return getRequestSession(this).session;
  },
  set: throwConflict,
  configurable: true,
  enumerable: true,
};

/**
 * Creates the middleware that verifies the `Authorization` header, attaches `req.session` and `req.sessions`, and
 * serves the session routes: `POST /session/refresh` and `POST /session/logout`, or all of them with `routes: 'all'`.
 *
 * @param sessions Default: the engine of `configureSessions()`, or else one in memory.
 * @param options While the store fails, requests with a token get a 503, unless `onStoreError` is `'anonymous'`.
 * @throws {UsageError} `invalid_option`, `invalid_argument`
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
      // Express 4 ignores the promise of a middleware: a rejection would end the process.
      next(error);
      return;
    }
    next();
  };
}

/**
 * Creates the error handler for the library's errors: 503 if the store failed during the request, 401 if the session
 * ended during it, 400 for session data that was refused. Other errors go to the next error handler. Mount it after
 * the routes: `app.use(sessionErrors())`.
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

/** Two middlewares that own `req.session` would each work on the other's session. */
function assertNoOtherSession(
  req: Request & { readonly session?: unknown; readonly sessions?: unknown },
): void {
  if (req.session !== undefined && !isRequestSession(req.sessions)) throwConflict();
}

function throwConflict(): never {
  throw new UsageError(
    'middleware_conflict',
    'req.session: expected one middleware to own it, got sessionMiddleware() and another one, such as express-session. Mount each on separate paths.',
  );
}

/** Returns the request's session, for the guard. @throws {UsageError} `middleware_missing` */
export function getRequestSession(req: Request): RequestSession {
  const request: unknown = req.sessions;
  if (isRequestSession(request)) return request;
  throw new UsageError(
    'middleware_missing',
    'requireSession: expected the session middleware before it, got none. Write app.use(sessionMiddleware()) before the route.',
  );
}
