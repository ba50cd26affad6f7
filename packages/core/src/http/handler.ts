import type { Sessions } from '../engine.js';
import type { RegisteredData } from '../types.js';
import type { Exchange, Reply } from './exchange.js';
import type { RequestFace } from './face.js';
import { assertSameEngine } from './guard.js';
import { HttpRequest } from './http-request.js';
import { bindHttpOptions, type HttpContext, type HttpOptions, readHttpOptions } from './options.js';
import { RequestOperations } from './request-operations.js';
import type { RequestSession } from './request-session.js';
import { handleRoute, listRoutes, mountRoutes, type SessionRoute } from './routes.js';

/** The HTTP side of an engine. An adapter creates one request per exchange and has it handled. */
export interface SessionHttp<Data extends object = RegisteredData> {
  /** The session routes that the options mount, for frameworks that declare routes. */
  readonly routes: readonly SessionRoute[];
  /**
   * Returns the view that a request has of its session, for the adapter to keep on the framework's request. Reads
   * nothing until it is used.
   *
   * @param previous What an earlier middleware has attached to the same request, if anything.
   * @throws {UsageError} `middleware_conflict` if that is a session of another engine
   */
  createRequest(exchange: Exchange, previous?: unknown): RequestSession<Data>;
  /** Returns further members of a request that `createRequest` of this copy of the package made. */
  faceOf(request: RequestSession<Data>): RequestFace<Data>;
  /**
   * Returns the reply of a session route, or verifies the request's access token and returns `undefined`: then the
   * request goes on to the application. Returns a promise only if there is something to wait for.
   *
   * @param request made by `createRequest` of the same object
   */
  handle(
    request: RequestSession<Data>,
    exchange: Exchange,
  ): Reply | undefined | Promise<Reply | undefined>;
}

/**
 * Creates the HTTP side of an engine. The engine is read at each request, so that an application may mount its
 * middleware before it calls `configureSessions`.
 *
 * @throws {UsageError} `invalid_option`
 */
export function createSessionHttp<Data extends object = RegisteredData>(
  getEngine: () => Sessions<Data>,
  options?: HttpOptions,
): SessionHttp<Data> {
  const settings = readHttpOptions(options);
  const routes = mountRoutes(settings);
  let Request = HttpRequest;
  let created: HttpContext<Data> | undefined;
  const context = (): HttpContext<Data> => {
    const sessions = getEngine();
    if (created?.sessions !== sessions) {
      created = bindHttpOptions(settings, sessions);
      Request =
        (settings.bound?.open(settings, sessions, HttpRequest) as typeof HttpRequest) ??
        HttpRequest;
    }
    return created;
  };
  return Object.freeze({
    routes: listRoutes(settings, routes),
    createRequest(exchange: Exchange, previous?: unknown) {
      const http = context();
      assertSameEngine(previous, http.sessions);
      return new RequestOperations(new Request<Data>(http, exchange));
    },
    faceOf: (session: RequestSession<Data>) =>
      RequestOperations.requestOf(session as RequestOperations<Data>),
    handle(session: RequestSession<Data>, exchange: Exchange) {
      const request = RequestOperations.requestOf(session as RequestOperations<Data>);
      return handleRoute({ http: context(), exchange, request }, routes) ?? request.authenticate();
    },
  });
}
