import type { IncomingMessage, ServerResponse } from 'node:http';
import { getSessions, type RegisteredData, UsageError } from '@sess/core';
import {
  asEngine,
  createGuard,
  createSessionHttp,
  type EngineFor,
  type GuardOptions,
  type ProtocolOptions,
  replyToError,
  type SessionRequest,
} from '@sess/core/http';
import { __Name__Exchange, sendReply } from './exchange.js';

/** Hands a request on; with an error, to whoever answers errors. */
export type Next = (error?: unknown) => void;

/** What a request was opened as. A framework whose requests can be extended shows it there instead. */
const opened = new WeakMap<IncomingMessage, SessionRequest>();

/**
 * Reads the `Authorization` header, and answers the session routes (`POST /session/refresh` and
 * `POST /session/logout`; all of them with `routes: 'all'`).
 *
 * Without arguments it uses the process-wide engine. While the store fails, requests that carry a token get a 503,
 * and others pass.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function sessionMiddleware<Data extends object = RegisteredData>(
  sessions?: EngineFor<Data>,
  options?: ProtocolOptions,
): (req: IncomingMessage, res: ServerResponse, next: Next) => Promise<void> {
  const engine = asEngine(sessions);
  const http = createSessionHttp(() => engine ?? getSessions(), options);

  return async (req, res, next) => {
    try {
      const exchange = new __Name__Exchange(req, res);
      const request = http.open(exchange);
      opened.set(req, request);
      const reply = await http.handle(request, exchange);
      if (reply !== undefined) {
        sendReply(res, reply);
        return;
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}

/**
 * Guards a route: 401 without a session, 401 with a challenge when the last sign-in is too long ago, 403 when `where`
 * says no (RFC 6750, section 3; RFC 9470).
 *
 * @throws UsageError `invalid_option`
 */
export function requireSession<Data extends object = RegisteredData>(
  options: GuardOptions<Data> = {},
): (req: IncomingMessage, res: ServerResponse, next: Next) => void {
  const guard = createGuard(options as GuardOptions);
  return (req, res, next) => {
    const reply = sessionsOf(req).guard(guard);
    if (reply === undefined) next();
    else sendReply(res, reply);
  };
}

/** Turns the library's errors into the answers that belong to them; others go on. */
export function sessionErrors(): (error: unknown, res: ServerResponse, next: Next) => void {
  return (error, res, next) => {
    const reply = replyToError(error);
    if (reply === undefined || res.headersSent) next(error);
    else sendReply(res, reply);
  };
}

/**
 * Who asks, and what can be done about it.
 *
 * @throws UsageError `middleware_missing`
 */
export function sessionsOf(req: IncomingMessage): SessionRequest {
  const request = opened.get(req);
  if (request !== undefined) return request;
  throw new UsageError(
    'middleware_missing',
    'requireSession() needs the middleware before it: sessionMiddleware().',
  );
}
