import type { SessionHttp } from '@sess/core/http';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { FastifyExchange, sendReply } from './exchange.js';
import { openedFor } from './opened.js';
import { HIDDEN, schemaOf } from './route-schemas.js';

const SESSION_ROUTE = Symbol('sess.route');

/**
 * Declares the session routes, so that the router, its hooks and its documentation know of them. What they answer
 * is the protocol's to say, wrong methods included: it is asked before Fastify looks at the body, which here may
 * be of any type.
 */
export function declareRoutes(
  app: FastifyInstance,
  http: SessionHttp,
  hasTokenInBody: boolean,
): void {
  const { prefix } = app;
  const shared: Omit<RouteOptions, 'method' | 'url'> = {
    config: { [SESSION_ROUTE]: true } as object,
    exposeHeadRoute: false,
    // The schemas are documentation, and compilers for schemas of another kind would not take them.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    async preParsing(request, reply, payload) {
      const exchange = new FastifyExchange(request, reply, prefix, payload);
      const answer = await http.handle(openedFor(request), exchange);
      if (answer !== undefined) return sendReply(reply, answer);
      // The router may be told to match more loosely than the protocol does.
      reply.callNotFound();
      return reply;
    },
    // Fastify wants one, and no request comes so far.
    handler: (_request, reply) => reply.callNotFound(),
  };
  for (const route of http.routes) {
    const { method, path } = route;
    const others = app.supportedMethods.filter((other) => other !== method);
    app.route({ ...shared, method, url: path, schema: schemaOf(route, hasTokenInBody) });
    app.route({ ...shared, method: others, url: path, schema: HIDDEN });
  }
}

export function isSessionRoute(request: FastifyRequest): boolean {
  return SESSION_ROUTE in request.routeOptions.config;
}
