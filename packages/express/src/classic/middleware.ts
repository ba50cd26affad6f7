import { type RegisteredData, type Sessions, StoreUnavailableError, UsageError } from '@sess/core';
import { createMistake, createSessionHttp, type SessionsFor } from '@sess/core/http';
import type { Request, RequestHandler } from 'express';
import { setRequestSession, stateOf } from '../attach.js';
import { attachSession, isAttached } from './attach.js';
import { ClassicRequest } from './classic-request.js';
import { ClassicExchange } from './exchange.js';
import { readOptions, type SessionOptions } from './options.js';

/**
 * Creates a middleware with the face of express-session: a mutable `req.session`, stored before the response ends. It
 * serves no routes. Errors of the store are passed to the error handlers, also those at the end of a response, which is
 * not sent then.
 *
 * @throws {UsageError} `invalid_option` for what express-session has and this does not, `invalid_argument`
 */
export function session<Data extends object = RegisteredData>(
  sessions: SessionsFor<Data>,
  options: SessionOptions,
): RequestHandler {
  if (typeof sessions?.verify !== 'function') {
    throw new UsageError(
      'invalid_argument',
      'session: expected an engine as first argument. Write session(createSessions({ … }), { subject: … }).',
    );
  }
  const settings = readOptions(options);
  const engine = sessions as unknown as Sessions;
  const http = createSessionHttp(() => engine, settings.http);
  const onLateLifetime = createLateWarning(engine);
  const { path } = settings.attributes;

  return async (req, res, next) => {
    try {
      if (!isBelow(path, req) || isAttached(req)) {
        next();
        return;
      }
      assertUnclaimed(req);
      const exchange = new ClassicExchange(req, res);
      const request = http.createRequest(exchange);
      const reply = await http.handle(request, exchange);
      // No routes are served, so only a failure of the store has a reply.
      if (reply !== undefined) {
        throw new StoreUnavailableError('The session of the request could not be read. Try again.');
      }
      setRequestSession(req, request);
      const face = http.faceOf(request);
      const context = { req, res, next, exchange, request, face, sessions: engine, settings };
      attachSession(req, new ClassicRequest({ ...context, onLateLifetime }));
    } catch (error) {
      // Express 4 ignores the promise of a middleware: a rejection would end the process.
      next(error);
      return;
    }
    next();
  };
}

function isBelow(
  path: string,
  { originalUrl, url }: Pick<Request, 'originalUrl' | 'url'>,
): boolean {
  return path === '/' || (originalUrl ?? url).startsWith(path);
}

/** Two middlewares that own `req.session` would each work on the other's session. */
function assertUnclaimed(req: Request): void {
  if (stateOf(req) === undefined && (req as { readonly session?: unknown }).session === undefined)
    return;
  throw createMistake('middleware_conflict', 'req.session', 'Mount each on separate paths.');
}

/** Warns once of a lifetime that is set for a session that is stored already. */
function createLateWarning({ logger }: Pick<Sessions, 'logger'>): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    logger.warn(
      {},
      'req.session.cookie.maxAge was set in a later request than the sign-in, and had no effect: set it in the request that signs in',
    );
  };
}
