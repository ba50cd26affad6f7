import type {
  RegisteredData as SessData,
  RequestSession as SessRequestSession,
  Session as SessSession,
} from '@sess/core';

// Under names of this library: in a namespace, `Session` could be an interface that another package declares there.
declare global {
  namespace Express {
    interface Request {
      /** The session of the request's access token, or `null`. Set by `sessionMiddleware()`. */
      readonly session: SessSession<SessData> | null;
      /** Starts, changes and ends the request's session. Set by `sessionMiddleware()`. */
      readonly sessions: SessRequestSession<SessData>;
    }
  }
}
