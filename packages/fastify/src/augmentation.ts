import type {
  RegisteredData as SessData,
  RequestSession as SessRequestSession,
  Session as SessSession,
} from '@sess/core';

// Under names of this library: in the module, `Session` is an interface that the application or @fastify/session declares.
declare module 'fastify' {
  interface FastifyRequest {
    /** The session of the request's access token, or `null`. Set by `sessionMiddleware()`. */
    readonly session: SessSession<SessData> | null;
    /** Starts, changes and ends the request's session. Set by `sessionMiddleware()`. */
    readonly sessions: SessRequestSession<SessData>;
  }
}
