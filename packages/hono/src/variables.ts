import type { RegisteredData, Session } from '@sess/core';
import type { RequestSession } from '@sess/core/http';

/** What `sessionMiddleware()` sets on `c.var`. */
export interface SessionVariables<Data extends object = RegisteredData> {
  /** The session that the request's access token belongs to, or `null`. */
  session: Session<Data> | null;
  /** Signs in and out, and writes to the session. */
  sessions: RequestSession<Data>;
}

/**
 * The environment of an application behind `sessionMiddleware()`. A chain of calls on `new Hono()` infers it;
 * handlers that are added in statements of their own are given it: `new Hono<SessionEnv>()`.
 */
export interface SessionEnv<Data extends object = RegisteredData> {
  Variables: SessionVariables<Data>;
}

/** The environment behind `requireSession()`: `c.var.session` is never `null`. */
export interface GuardedEnv<Data extends object = RegisteredData> {
  Variables: SessionVariables<Data> & { session: Session<Data> };
}
