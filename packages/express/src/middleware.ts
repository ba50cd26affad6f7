import { getSessions, type RegisteredData } from '@sess/core';
import {
  assertSessions,
  createMistake,
  createSessionHttp,
  type HttpOptions,
  type Reply,
  replyToError,
  type SessionsFor,
} from '@sess/core/http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AttachedExchange, attach, createConflict, stateOf } from './attach.js';
import { sendReply, sendReplyOrFail } from './exchange.js';

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

  // No async function: a session that is cached costs no promise, and no turn of the queue.
  return (req, res, next) => {
    const proceed = (reply: Reply | undefined): void => {
      if (reply === undefined) next();
      else sendReplyOrFail(res, reply, next);
    };
    let reply: ReturnType<typeof http.handle>;
    try {
      const exchange = new AttachedExchange(req, res);
      const request = http.createRequest(exchange, stateOf(req));
      attach(req, res, request);
      reply = http.handle(request, exchange);
    } catch (error) {
      next(error);
      return;
    }
    return reply instanceof Promise ? reply.then(proceed, next) : proceed(reply);
  };
}

/**
 * Creates the error handler for the library's errors: 503 if the store failed during the request, 401 if the session
 * ended during it, 400 for session data that was refused. Other errors go to the next error handler. Mount it after
 * the routes: `app.use(sessionErrors())`.
 */
export function sessionErrors(...none: readonly never[]): ErrorRequestHandler {
  // A factory that is passed without parentheses gets the request, and its result is never called.
  if (none.length > 0) throw createMistake('invalid_argument', 'sessionErrors');
  return (error: unknown, _req, res, next) => {
    const reply = replyToError(error);
    if (reply !== undefined && !res.headersSent) sendReply(res, reply);
    else next(isRedefinition(error) ? Object.assign(createConflict(), { cause: error }) : error);
  };
}

/** True if a later middleware tried to redefine what `sessionMiddleware()` has defined: the engine's own message. */
function isRedefinition(error: unknown): boolean {
  return error instanceof TypeError && /^Cannot redefine property: sessions?$/.test(error.message);
}
