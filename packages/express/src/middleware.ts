import { getSessions, type RegisteredData, type RequestSession, type UsageError } from '@sess/core';
import {
  assertSessions,
  createMistake,
  createSessionHttp,
  type HttpOptions,
  isRequestSession,
  type Reply,
  replyToError,
  type SessionsFor,
} from '@sess/core/http';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { ExpressExchange, sendReply, sendReplyOrFail } from './exchange.js';
import { createReadOnlyView } from './read-only.js';

/** Registered, so that the guard of another copy of this package finds the request's session. */
const STATE = Symbol.for('sess.express-request');

interface WithState {
  [STATE]?: RequestSession;
}

/**
 * The same descriptors for all requests: with separate functions, each request would get a new hidden class. They are
 * not configurable: a middleware that redefines `req.session` would show the handler another session than the guard.
 */
const PROPERTIES: PropertyDescriptorMap = {
  session: {
    get(this: Request) {
      return getRequestSession(this).session;
    },
    set: throwConflict,
    enumerable: true,
  },
  sessions: {
    get(this: Request) {
      return getRequestSession(this);
    },
    set: throwConflict,
  },
};

/** In development, an assignment to `req.session` is refused in code that is not in strict mode, too. */
const DEVELOPMENT_PROPERTIES: PropertyDescriptorMap = {
  ...PROPERTIES,
  session: {
    ...PROPERTIES['session'],
    get(this: Request) {
      return createReadOnlyView(getRequestSession(this).session);
    },
  },
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

  // No async function: a session that is cached costs no promise, and no turn of the queue.
  return (req, res, next) => {
    const proceed = (reply: Reply | undefined): void => {
      if (reply === undefined) next();
      else sendReplyOrFail(res, reply, next);
    };
    let reply: ReturnType<typeof http.handle>;
    try {
      const state = req as WithState;
      const exchange = new ExpressExchange(req, res);
      const request = http.createRequest(exchange, state[STATE]);
      if (state[STATE] === undefined) attach(req);
      else assertReadOnly(req);
      state[STATE] = request;
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
    else next(isRedefinition(error) ? createConflict(error) : error);
  };
}

/** True if a later middleware tried to redefine what `sessionMiddleware()` has defined: the engine's own message. */
function isRedefinition(error: unknown): boolean {
  return error instanceof TypeError && /^Cannot redefine property: sessions?$/.test(error.message);
}

/** The mutable `req.session` of `@sess/express/classic` can be deleted, and would not follow `req.sessions`. */
function assertReadOnly(req: Request): void {
  if (Object.getOwnPropertyDescriptor(req, 'session')?.configurable !== false) throwConflict();
}

/** Two middlewares that own `req.session` would each work on the other's session. */
function attach(req: Request): void {
  if ((req as { readonly session?: unknown }).session !== undefined) throwConflict();
  // Requests of some test libraries have no application.
  const isDevelopment = (req.app as Request['app'] | undefined)?.get('env') === 'development';
  try {
    Object.defineProperties(req, isDevelopment ? DEVELOPMENT_PROPERTIES : PROPERTIES);
  } catch {
    // The other one has defined a property that holds nothing yet.
    throwConflict();
  }
}

function throwConflict(): never {
  throw createConflict();
}

function createConflict(cause?: unknown): UsageError {
  const error = createMistake(
    'middleware_conflict',
    'req.session',
    'Mount each on separate paths.',
  );
  return cause === undefined ? error : Object.assign(error, { cause });
}

/** True if a session middleware has run for the request. */
export function hasRequestSession(req: object): boolean {
  return (req as WithState)[STATE] !== undefined;
}

/** Makes a session that another form of `req.session` shows the one of `req.sessions`, for guards and helpers. */
export function setRequestSession(req: object, request: RequestSession): void {
  (req as WithState)[STATE] = request;
}

/**
 * Returns `req.sessions`, also where the types of `req` do not have it. Its `session` is `req.session`.
 *
 * @throws {UsageError} `middleware_missing` without `sessionMiddleware()` before the handler
 */
export function getRequestSession<Data extends object = RegisteredData>(
  req: object,
): RequestSession<Data> {
  const request = (req as WithState)[STATE];
  // The data type is the caller's to name, as for `requireSession`.
  if (isRequestSession(request)) return request as unknown as RequestSession<Data>;
  throw createMistake('middleware_missing', 'req.sessions', 'app.use(sessionMiddleware())');
}
