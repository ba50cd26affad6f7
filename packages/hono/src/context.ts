import type { RegisteredData, RequestSession, Session } from '@sess/core';
import { createMistake, isRequestSession } from '@sess/core/http';
import type { Context } from 'hono';

/** Registered, so that the middleware of another copy of this package finds it. */
const SET: unique symbol = Symbol.for('sess.hono-set');

interface Attached {
  [SET]?: Context['set'];
}

/** The variables that `sessionMiddleware()` sets on `c.var`. */
export interface SessionVariables<Data extends object = RegisteredData> {
  /** The session of the request's access token, or `null`. */
  session: Session<Data> | null;
  /** Starts, changes and ends the request's session. */
  sessions: RequestSession<Data>;
}

/**
 * The environment of an application behind `sessionMiddleware()`. A chain of calls on `new Hono()` infers it; for
 * handlers that are added in separate statements, write `new Hono<SessionEnv>()`.
 */
export interface SessionEnv<Data extends object = RegisteredData> {
  Variables: SessionVariables<Data>;
}

/** The environment behind `requireSession()`: `c.var.session` is never `null`. */
export interface GuardedEnv<Data extends object = RegisteredData> {
  Variables: SessionVariables<Data> & { session: Session<Data> };
}

/**
 * Sets `c.var.session` and `c.var.sessions`, and refuses a middleware that sets them to something else later: a handler
 * would see another session than the guard.
 *
 * @throws {UsageError} `middleware_conflict` if another middleware has set them before
 */
export function attach(
  c: Context,
  sessions: RequestSession<never>,
  { tracksUse }: { readonly tracksUse: boolean },
): void {
  const { get, set } = c;
  if (!isRequestSession(c.get('sessions'))) {
    if (c.get('session') !== undefined) throwConflict();
    (c as Attached)[SET] = set;
    // By a variable, as in `trackUse`: V8 creates a function literal that is assigned to a property in its old generation,
    // where it keeps the context of a request that is over until the next full collection.
    const setChecked = (key: string, value: unknown): void => {
      const isOwn = key === 'sessions' ? isRequestSession(value) : value === get('session');
      if ((key === 'sessions' || key === 'session') && !isOwn) throwConflict();
      set(key, value);
    };
    c.set = setChecked;
    if (tracksUse) trackUse(c);
  }
  setVariable(c, 'sessions', sessions);
  setVariable(c, 'session', null);
}

/** Sets a variable without the check of `attach`. */
export function setVariable(c: Context, key: 'session' | 'sessions', value: unknown): void {
  ((c as Attached)[SET] ?? c.set)(key, value);
}

/** Has the session read from `sessions`, which chooses the caching of responses that depend on it. */
function trackUse(c: Context): void {
  const { get } = c;
  const getTracked = (key: string): unknown =>
    key === 'session' ? (get('sessions') as RequestSession).session : get(key);
  c.get = getTracked;
  Object.defineProperty(c, 'var', TRACKED);
}

/** One descriptor for all requests: with separate functions, each request would get a new hidden class. */
const TRACKED: PropertyDescriptor = {
  get(this: Context) {
    const all = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(this), 'var')?.get;
    return Object.defineProperty(all?.call(this), 'session', {
      get: () => this.get('session'),
      set: throwConflict,
      enumerable: true,
    });
  },
};

/** Returns the request's session, for the guard. @throws {UsageError} `middleware_missing`, `middleware_conflict` */
export function getRequestSession(c: Context): RequestSession {
  const sessions: unknown = c.get('sessions');
  if (!isRequestSession(sessions)) {
    throw createMistake('middleware_missing', 'c.var.sessions', 'app.use(sessionMiddleware())');
  }
  // The handler must see the session that the guard checks.
  if (c.get('session') !== sessions.session) throwConflict();
  return sessions;
}

function throwConflict(): never {
  throw createMistake('middleware_conflict', 'c.var.session', 'Mount each on separate paths.');
}
