import { getSessions, type RegisteredData, type Sessions, UsageError } from '@sess/core';
import { assertSessions, createSessionHttp, type HttpOptions } from '@sess/core/http';
import type { MiddlewareHandler } from 'hono';
import { assertNoOtherSession, ContextSessions } from './context-sessions.js';
import { HonoExchange } from './exchange.js';
import type { ClientIp } from './node-request.js';
import { toResponse } from './reply.js';
import type { SessionEnv } from './variables.js';

/** How sessions appear on the wire, and what only the runtime can tell. */
export interface SessionMiddlewareOptions extends HttpOptions {
  /**
   * The client's address, for the list of devices. Default: the other end of the connection on
   * `@hono/node-server`, and nothing on other runtimes, which each have a `getConnInfo` of their own. A header
   * such as `CF-Connecting-IP` or `X-Forwarded-For` is whatever the client wrote unless a proxy of yours sets it.
   */
  readonly clientIp?: ClientIp;
}

/**
 * Reads the `Authorization` header, sets `c.var.session` and `c.var.sessions`, and answers the session routes
 * (`POST /session/refresh` and `POST /session/logout`; all of them with `routes: 'all'`), below the path that
 * it is mounted at.
 *
 * Without arguments it uses the process-wide engine: the one set up by `configureSessions()`, or one in
 * memory. While the store fails, requests that carry a token get a 503, and others pass.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`
 */
export function sessionMiddleware<Data extends object = RegisteredData>(
  sessions?: Sessions<Data>,
  options: SessionMiddlewareOptions = {},
): MiddlewareHandler<SessionEnv<Data>> {
  const engine = assertSessions(sessions);
  const { clientIp, ...protocol } = options;
  assertClientIp(clientIp);
  const http = createSessionHttp<Data>(
    () => (engine ?? getSessions()) as unknown as Sessions<Data>,
    protocol,
  );

  return async (c, next) => {
    assertNoOtherSession(c);
    const exchange = new HonoExchange(c, clientIp);
    const request = http.createRequest(exchange);
    await exchange.settleForm();
    const reply = await http.handle(request, exchange);
    if (reply !== undefined) return exchange.applyTo(toResponse(c, reply));

    c.set('session', request.session);
    c.set('sessions', new ContextSessions(c, exchange, request));
    await next();
    exchange.finish();
    return undefined;
  };
}

function assertClientIp(clientIp: unknown): void {
  if (clientIp === undefined || typeof clientIp === 'function') return;
  throw new UsageError(
    'invalid_option',
    "clientIp: write a function of the context, as in (c) => c.req.header('cf-connecting-ip').",
  );
}
