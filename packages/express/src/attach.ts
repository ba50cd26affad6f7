import type { RegisteredData, RequestSession } from '@sess/core';
import { changeHead, createMistake, isRequestSession } from '@sess/core/http';
import type { Request, Response } from 'express';
import { ExpressExchange } from './exchange.js';
import { createReadOnlyView } from './read-only.js';

/** Registered, so that the guard of another copy of this package finds the request's session. */
const STATE: unique symbol = Symbol.for('sess.express-request');
/** Registered, as what another copy has added to an application serves this one too. */
const ADDED: unique symbol = Symbol.for('sess.express-added');
/** What changes the head of the response, on a request's session whose application has been added to. */
const CHANGE: unique symbol = Symbol.for('sess.express-change');

type State = RequestSession & { [CHANGE]?: (() => void) | undefined };

interface WithState {
  [STATE]?: State;
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
function createDevelopmentProperties(): PropertyDescriptorMap {
  return {
    ...PROPERTIES,
    session: {
      ...PROPERTIES['session'],
      get(this: Request) {
        return createReadOnlyView(getRequestSession(this).session);
      },
    },
  };
}

/** Returns the accessors of a property that all requests of an application inherit, also those without a session. */
function createInherited(
  name: 'session' | 'sessions',
  read: (state: State) => unknown,
): PropertyDescriptor {
  return {
    get(this: WithState) {
      const state = this[STATE];
      return state === undefined ? undefined : read(state);
    },
    set(this: WithState, value: unknown) {
      if (this[STATE] !== undefined) throwConflict();
      const options = { writable: true, enumerable: true, configurable: true };
      Object.defineProperty(this, name, { value, ...options });
    },
    enumerable: true,
  };
}

/** True if the request itself has one of the properties, which hides the inherited one. */
function hasOwnProperties(req: object): boolean {
  return Object.hasOwn(req, 'session') || Object.hasOwn(req, 'sessions');
}

/**
 * Shows the session of a request as `req.session` and `req.sessions`.
 *
 * In production both are added to the prototype of the application's requests, once, and what changes the head to that of
 * its responses: Express sets the prototype of each request, after which V8 copies the hidden class for every property that
 * is added. Elsewhere each request gets them, so that a middleware that redefines them is refused where it does.
 *
 * @throws {UsageError} `middleware_conflict` if another middleware owns `req.session`
 */
export function attach(req: Request, res: Response, request: RequestSession): void {
  const previous = (req as WithState)[STATE];
  if (previous !== undefined) assertReadOnly(req, previous);
  else if (addToApplication(req, res)) (request as State)[CHANGE] = undefined;
  else defineProperties(req);
  if (previous !== undefined && CHANGE in previous) (request as State)[CHANGE] = previous[CHANGE];
  (req as WithState)[STATE] = request;
}

/** Two middlewares that own `req.session` would each work on the other's session. */
function defineProperties(req: Request): void {
  if ((req as { readonly session?: unknown }).session !== undefined) throwConflict();
  try {
    const isDevelopment = environmentOf(req) === 'development';
    Object.defineProperties(req, isDevelopment ? createDevelopmentProperties() : PROPERTIES);
  } catch {
    // The other one has defined a property that holds nothing yet.
    throwConflict();
  }
}

/** Requests of some test libraries have no application. */
function environmentOf({ app }: { readonly app?: Request['app'] }): unknown {
  return app?.get('env');
}

/** Returns `false` if this is not production, or the request has such a property already, or has no application. */
function addToApplication(req: Request, res: Response): boolean {
  if (environmentOf(req) !== 'production' || hasOwnProperties(req)) return false;
  const requests = outermost(req);
  const responses = outermost(res);
  if (requests === undefined || responses === undefined) return false;
  if (!Object.hasOwn(requests, ADDED)) {
    if ('session' in requests || 'sessions' in requests) return false;
    Object.defineProperties(requests, {
      session: createInherited('session', ({ session }) => session),
      sessions: { ...createInherited('sessions', (state) => state), enumerable: false },
      [ADDED]: { value: true },
    });
  }
  if (!Object.hasOwn(responses, ADDED)) watchHeads(responses);
  return true;
}

/**
 * Returns the prototype that all requests or responses of the outermost application have: `app.request`, `app.response`.
 * Those of a mounted application inherit from it, and it has an `app` too. `undefined` without an application.
 */
function outermost(object: object): object | undefined {
  let found: object | undefined;
  for (
    let prototype: unknown = Object.getPrototypeOf(object);
    prototype !== null && Object.hasOwn(prototype as object, 'app');
    prototype = Object.getPrototypeOf(prototype)
  ) {
    found = prototype as object;
  }
  return found;
}

type WriteHead = (this: object, ...parameters: unknown[]) => unknown;

/** Has the head of each response changed right before it is sent: closer to Node than what wraps `res.writeHead`. */
function watchHeads(responses: object): void {
  const inner = (responses as { readonly writeHead: WriteHead }).writeHead;
  function writeHead(this: Response, ...parameters: unknown[]): unknown {
    const state = (this.req as WithState | undefined)?.[STATE];
    const change = state?.[CHANGE];
    if (change === undefined || this.headersSent) return inner.apply(this, parameters);
    if (state !== undefined) state[CHANGE] = undefined;
    return inner.apply(this, changeHead(this, change, parameters));
  }
  const options = { writable: true, enumerable: true, configurable: true };
  Object.defineProperties(responses, {
    writeHead: { value: writeHead, ...options },
    [ADDED]: { value: true },
  });
}

/** The exchange of a request to which the session is attached. */
export class AttachedExchange extends ExpressExchange {
  readonly #req: WithState;
  readonly #res: Response;

  constructor(req: Request, res: Response) {
    super(req, res);
    this.#req = req as WithState;
    this.#res = res;
  }

  protected override beforeHead(change: () => void): void {
    const state = this.#req[STATE];
    // Where an earlier middleware has wrapped the function of this response, that may not call what the application has.
    if (state === undefined || !(CHANGE in state) || Object.hasOwn(this.#res, 'writeHead')) {
      super.beforeHead(change);
      return;
    }
    const earlier = state[CHANGE];
    const both = (): void => {
      earlier?.();
      change();
    };
    state[CHANGE] = earlier === undefined ? change : both;
  }
}

/** The mutable `req.session` of `@sess/express/classic` can be deleted, and would not follow `req.sessions`. */
function assertReadOnly(req: Request, state: State): void {
  const isOurs =
    CHANGE in state
      ? !hasOwnProperties(req)
      : Object.getOwnPropertyDescriptor(req, 'session')?.configurable === false;
  if (!isOurs) throwConflict();
}

function throwConflict(): never {
  throw createConflict();
}

export function createConflict(): ReturnType<typeof createMistake> {
  return createMistake('middleware_conflict', 'req.session', 'Mount each on separate paths.');
}

/** Returns what a session middleware has attached to the request, or `undefined`. */
export function stateOf(req: object): RequestSession | undefined {
  return (req as WithState)[STATE];
}

/** Makes a session that another form of `req.session` shows the one of `req.sessions`, for guards and helpers. */
export function setRequestSession(req: object, request: RequestSession): void {
  (req as WithState)[STATE] = request;
}

/**
 * Returns `req.sessions`, also where the types of `req` do not have it. Its `session` is `req.session`.
 *
 * @throws {UsageError} `middleware_missing` without `sessionMiddleware()` before the handler
 * @throws {UsageError} `middleware_conflict` if a later middleware has redefined `req.session`
 */
export function getRequestSession<Data extends object = RegisteredData>(
  req: object,
): RequestSession<Data> {
  const state = (req as WithState)[STATE];
  if (!isRequestSession(state))
    throw createMistake('middleware_missing', 'req.sessions', 'app.use(sessionMiddleware())');
  // The handler must see the session that the guard checks.
  if (CHANGE in state && hasOwnProperties(req)) throwConflict();
  // The data type is the caller's to name, as for `requireSession`.
  return state as unknown as RequestSession<Data>;
}
