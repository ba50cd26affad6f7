import type { RegisteredData, RequestSession, Session } from '@sess/core';

declare global {
  namespace Express {
    interface Request {
      /** The session that the request's access token belongs to, or `null`. Set by `sessionMiddleware()`. */
      readonly session: Session<RegisteredData> | null;
      /** Signs in and out, and writes to the session. Set by `sessionMiddleware()`. */
      readonly sessions: RequestSession<RegisteredData>;
    }
  }
}
