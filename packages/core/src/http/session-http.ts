import type { RegisteredData, Sessions } from '../types.js';
import type { Exchange, Reply } from './exchange.js';
import { bindProtocol, type HttpOptions, type Protocol, resolveProtocol } from './protocol.js';
import { handleRoute, listRoutes, type SessionRoute } from './routes.js';
import { SessionRequest } from './session-request.js';

/** The HTTP side of an engine, which adapters feed with exchanges. */
export interface SessionHttp<Data extends object = RegisteredData> {
  /** The routes that `handle` answers, by the options. */
  readonly routes: readonly SessionRoute[];
  /** A request's own view, to be kept on the framework's request. Costs nothing until it is used. */
  createRequest(exchange: Exchange): SessionRequest<Data>;
  /**
   * Answers a session route, or looks up who is asking. `undefined`: the request goes on to the application,
   * and `request.session` says whose it is. A promise only where something has to be waited for.
   */
  handle(
    request: SessionRequest<Data>,
    exchange: Exchange,
  ): Reply | undefined | Promise<Reply | undefined>;
}

/**
 * Puts an engine on the wire. The engine is asked for at every request, so that an application may mount its
 * middleware before it calls `configureSessions`.
 *
 * @throws UsageError `invalid_option`
 */
export function createSessionHttp<Data extends object = RegisteredData>(
  getEngine: () => Sessions<Data>,
  options?: HttpOptions,
): SessionHttp<Data> {
  const settings = resolveProtocol(options);
  let made: Protocol<Data> | undefined;
  const protocol = (): Protocol<Data> => {
    const sessions = getEngine();
    if (made?.sessions !== sessions) made = bindProtocol(settings, sessions);
    return made;
  };
  return Object.freeze({
    routes: listRoutes(settings),
    createRequest: (exchange: Exchange) => new SessionRequest<Data>(protocol(), exchange),
    handle: (request: SessionRequest<Data>, exchange: Exchange) =>
      handleRoute({ protocol: protocol(), exchange, request }) ?? request.authenticate(),
  });
}
