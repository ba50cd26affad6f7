import {
  getSessions,
  type RegisteredData,
  type RequestSession,
  type Session,
  type Sessions,
  StoreUnavailableError,
} from '@sess/core';
import {
  assertSessions,
  createGuard,
  createSessionHttp,
  type GuardOptions,
  type HttpOptions,
  replyToError,
} from '@sess/core/http';
import {
  ReadExchange,
  type ReadSource,
  RequestExchange,
  type RequestSource,
  toResponse,
} from './exchange.js';

/** How sessions appear on the wire. */
export type WebSessionsOptions = HttpOptions;

/** The session of a request behind a guard: never `null`. */
export type GuardedSessions<Data extends object = RegisteredData> = RequestSession<Data> & {
  readonly session: Session<Data>;
};

/** What a handler returns. `undefined` is for hosts where an upgraded connection has no response, as on Bun. */
type Result = Response | undefined;

/** Sessions of a host that has `Request` and `Response`. */
export interface WebSessions<Data extends object = RegisteredData> {
  /**
   * Returns the response of a session route, or that of `next` with the cookies and caching of the session. An error of
   * the library that `next` throws becomes its response, for instance 503 if the store failed; others are thrown.
   *
   * @param source the request, or `{ request, ip }` where the host knows the address of the client
   * @param next gets the request's session, and what the request can do to it
   */
  handle<Given extends Result>(
    source: RequestSource,
    next: (sessions: RequestSession<Data>) => Given | Promise<Given>,
  ): Promise<Response | Given>;
  /**
   * Returns the session of a request whose response cannot have a cookie: in server components and loaders. Renews
   * nothing: `handle` does that, for instance in a middleware before it.
   *
   * Headers alone do not show the method. With `Origin` or the headers of a body, they count as those of a POST, so that
   * a page of another site gets `null`.
   *
   * @throws {StoreUnavailableError} unless `onStoreError` is `'anonymous'`
   */
  read(source: ReadSource): Promise<Session<Data> | null>;
  /**
   * Returns a handler for `handle` that responds with 401, 403 or a redirect unless the session meets `options`, and
   * otherwise with what `next` returns.
   *
   * @throws {UsageError} `invalid_option`
   */
  guard<Given extends Result>(
    options: GuardOptions<Data>,
    next: (sessions: GuardedSessions<Data>) => Given | Promise<Given>,
  ): (sessions: RequestSession<Data>) => Promise<Response | Given>;
}

/**
 * Creates the sessions of a host that has `Request` and `Response`: a framework, a runtime, or a server of tests. It
 * serves the session routes `POST /session/refresh` and `POST /session/logout`, or all of them with `routes: 'all'`.
 *
 * @param sessions Default: the engine of `configureSessions()`, or else one in memory.
 * @param options While the store fails, requests with a token get a 503, unless `onStoreError` is `'anonymous'`.
 * @throws {UsageError} `invalid_option`, `invalid_argument`
 */
export function createWebSessions<Data extends object = RegisteredData>(
  sessions?: Sessions<Data>,
  options: WebSessionsOptions = {},
): WebSessions<Data> {
  const engine = assertSessions(sessions);
  const http = createSessionHttp<Data>(
    () => (engine ?? getSessions()) as unknown as Sessions<Data>,
    options,
  );

  return Object.freeze({
    async handle<Given extends Result>(
      source: RequestSource,
      next: (sessions: RequestSession<Data>) => Given | Promise<Given>,
    ): Promise<Response | Given> {
      const exchange = new RequestExchange(source);
      const request = http.createRequest(exchange);
      const reply = await http.handle(request, exchange);
      if (reply !== undefined) return exchange.applyTo(toResponse(reply));
      try {
        return exchange.applyTo(await next(request));
      } catch (error) {
        const refusal = replyToError(error);
        if (refusal === undefined) throw error;
        return exchange.applyTo(toResponse(refusal));
      }
    },

    async read(source: ReadSource): Promise<Session<Data> | null> {
      const exchange = new ReadExchange(source);
      const request = http.createRequest(exchange);
      if ((await http.handle(request, exchange)) === undefined) return request.session;
      throw new StoreUnavailableError('read: the store failed while it loaded the session.');
    },

    guard<Given extends Result>(
      given: GuardOptions<Data>,
      next: (sessions: GuardedSessions<Data>) => Given | Promise<Given>,
    ) {
      const guard = createGuard(given);
      return async (request: RequestSession<Data>): Promise<Response | Given> => {
        const refusal = await guard(request as unknown as RequestSession);
        if (refusal !== undefined) return toResponse(refusal);
        return next(request as GuardedSessions<Data>);
      };
    },
  });
}
