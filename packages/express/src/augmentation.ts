import type { RegisteredData, RequestSession, Session } from '@sess/core';

declare global {
  namespace Express {
    interface Request {
      /** The session of the request's access token, or `null`. Set by `sessionMiddleware()`. */
      readonly session: Session<RegisteredData> | null;
      /** Starts, changes and ends the request's session. Set by `sessionMiddleware()`. */
      readonly sessions: RequestSession<RegisteredData>;
    }
  }
}
