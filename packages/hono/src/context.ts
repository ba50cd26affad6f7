import type { RegisteredData, RequestSession, Session } from '@sess/core';
import { createMistake, isRequestSession } from '@sess/core/http';
import type { Context } from 'hono';

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
export function attach(c: Context, sessions: RequestSession<never>): void {
  const previous: unknown = c.get('sessions');
  if (!isRequestSession(previous)) {
    if (c.get('session') !== undefined) throwConflict();
    const { set } = c;
    c.set = (key: string, value: unknown) => {
      if (!isOwn(c, key, value)) throwConflict();
      set(key, value);
    };
  }
  c.set('sessions', sessions);
  c.set('session', sessions.session);
}

function isOwn(c: Context, key: string, value: unknown): boolean {
  if (key === 'sessions') return isRequestSession(value);
  return key !== 'session' || value === c.get('sessions').session;
}

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
