import {
  getSessions,
  type RegisteredData,
  type RequestSession,
  type Sessions,
  UsageError,
} from '@sess/core';
import { assertSessions, createSessionHttp, type HttpOptions } from '@sess/core/http';
import type { MiddlewareHandler } from 'hono';
import { attach, type SessionEnv } from './context.js';
import { toResponse } from './errors.js';
import { type ClientIp, HonoExchange } from './exchange.js';

/** How sessions appear on the wire, and what only the runtime knows. */
export interface SessionMiddlewareOptions extends HttpOptions {
  /**
   * Returns the client's address, for the list of devices. Default: the other end of the connection on
   * `@hono/node-server`, and no address on other runtimes, whose adapters have a `getConnInfo`. Read a header such as
   * `CF-Connecting-IP` or `X-Forwarded-For` only behind a proxy that sets it: else the client can choose its value.
   */
  readonly clientIp?: ClientIp;
}

/**
 * Creates the middleware that verifies the `Authorization` header, sets `c.var.session` and `c.var.sessions`, and
 * serves the session routes below the path that it is mounted at: `POST /session/refresh` and `POST /session/logout`,
 * or all of them with `routes: 'all'`.
 *
 * @param sessions Default: the engine of `configureSessions()`, or else one in memory.
 * @param options While the store fails, requests with a token get a 503, unless `onStoreError` is `'anonymous'`.
 * @throws {UsageError} `invalid_option`, `invalid_argument`
 */
export function sessionMiddleware<Data extends object = RegisteredData>(
  sessions?: Sessions<Data>,
  options: SessionMiddlewareOptions = {},
): MiddlewareHandler<SessionEnv<Data>> {
  const engine = assertSessions(sessions);
  const { clientIp, ...others } = options;
  assertClientIp(clientIp);
  const http = createSessionHttp<Data>(
    () => (engine ?? getSessions()) as unknown as Sessions<Data>,
    others,
  );
  const tracksUse = (others.transport ?? 'bearer') !== 'bearer';

  return async (c, next) => {
    const exchange = new HonoExchange(c, clientIp);
    const request = http.createRequest(exchange, c.get('sessions'));
    attach(c, request as unknown as RequestSession<never>, { tracksUse });
    const reply = await http.handle(request, exchange);
    if (reply !== undefined) return exchange.applyTo(toResponse(c, reply));
    await next();
    exchange.finish();
    return undefined;
  };
}

function assertClientIp(clientIp: unknown): void {
  if (clientIp === undefined || typeof clientIp === 'function') return;
  throw new UsageError(
    'invalid_option',
    "clientIp: expected a function of the context, got another value. Write (c) => c.req.header('cf-connecting-ip') behind Cloudflare.",
  );
}
