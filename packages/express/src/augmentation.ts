import type { RegisteredData as SessData, RequestSession as SessRequestSession } from '@sess/core';
import type { SessionOfRequest as SessSessionOfRequest } from './request-forms.js';

// Under names of this library: in a namespace, `Session` could be an interface that another package declares there.
declare global {
  namespace Express {
    interface Request {
      /**
       * The session of the request's access token, or `null`. Set by `sessionMiddleware()`. In a program that imports
       * `@sess/express/classic`: the mutable session of that.
       */
      readonly session: SessSessionOfRequest;
      /** Starts, changes and ends the request's session. Set by `sessionMiddleware()`. */
      readonly sessions: SessRequestSession<SessData>;
    }
  }
}
