import { getSessions, type RegisteredData, UsageError } from '@sess/core';
import {
  assertSessions,
  createSessionHttp,
  type HttpOptions,
  type Reply,
  type SessionHttp,
  type SessionsFor,
} from '@sess/core/http';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { fastifyPlugin } from 'fastify-plugin';
import { FastifyExchange, sendReply } from './exchange.js';
import { decorateRequests, setRequestState } from './request-state.js';
import { type Documented, declareRoutes, isSessionRoute } from './routes.js';

/** How sessions appear on the wire, and in the documentation. */
export interface SessionMiddlewareOptions extends HttpOptions {
  /**
   * Whether the session routes have schemas for @fastify/swagger. Default: `true`. `false` hides the routes, for
   * documentation that is made from schemas of another kind than JSON Schema.
   */
  readonly openapi?: boolean;
}

/** Not encapsulated: the plugin applies to the scope that registers it. */
const META = { name: '@sess/fastify', fastify: '>=5.12.0 <6' };

/**
 * Creates the plugin that verifies the `Authorization` header, attaches `request.session` and `request.sessions`, and
 * declares the session routes: `POST /session/refresh` and `POST /session/logout`, or all of them with `routes: 'all'`.
 *
 * ```ts
 * await app.register(sessionMiddleware(createSessions({ … }), { routes: 'all' }))
 * ```
 *
 * The plugin applies to the scope that registers it and to scopes below, and its paths start at the scope's prefix. The
 * application's `onRequest` hooks run for session routes too.
 *
 * @param sessions Default: the engine of `configureSessions()`, or else one in memory.
 * @param options While the store fails, requests with a token get a 503, unless `onStoreError` is `'anonymous'`.
 * @throws {UsageError} `invalid_option`, `invalid_argument`; `middleware_conflict` when it is registered in a scope
 *   that has a `request.session` already
 */
export function sessionMiddleware<Data extends object = RegisteredData>(
  sessions?: SessionsFor<Data>,
  options: SessionMiddlewareOptions = {},
): FastifyPluginAsync {
  const engine = assertSessions(sessions);
  const { openapi = true, ...others } = options;
  if (typeof openapi !== 'boolean') {
    throw new UsageError('invalid_option', 'openapi: expected true or false, got another value.');
  }
  const http = createSessionHttp(() => engine ?? getSessions(), others);
  const documented = { isHidden: !openapi, hasTokenInBody: options.refreshTransport === 'body' };
  return fastifyPlugin(async (app, given: object) => mount(app, http, { given, documented }), META);
}

/** Options that Fastify itself takes when a plugin is registered. */
const REGISTER_OPTIONS: ReadonlySet<string> = new Set(['prefix', 'logLevel', 'logSerializers']);

function mount(
  app: FastifyInstance,
  http: SessionHttp,
  { given, documented }: { readonly given: object; readonly documented: Documented },
): void {
  const unknown = Object.keys(given).find((name) => !REGISTER_OPTIONS.has(name));
  if (unknown !== undefined) {
    throw new UsageError(
      'invalid_option',
      `app.register: there is no option '${unknown}' for this plugin. Write app.register(sessionMiddleware(sessions, { … })).`,
    );
  }
  // The scope's own prefix is added by Fastify; the one of `register` is not, because the plugin has no scope.
  const { prefix = '' } = given as { readonly prefix?: string };
  decorateRequests(app);
  // With a callback, so that no promise is created if the session is cached.
  app.addHook('onRequest', (request, reply, done) => {
    // Only session routes have a path for the protocol, and methods that Fastify knows no route for.
    const path = request.is404 ? pathBelow(app.prefix + prefix, request.url) : '';
    const exchange = new FastifyExchange(request, reply, { path });
    const session = http.createRequest(exchange);
    setRequestState(request, session);
    const proceed = (answer: Reply | undefined): void => {
      if (answer === undefined) done();
      else sendReply(reply, answer);
    };
    // Session routes run later, after the application's own hooks.
    const result = isSessionRoute(request) ? undefined : http.handle(session, exchange);
    if (result instanceof Promise) result.then(proceed, done);
    else proceed(result);
  });
  declareRoutes(app, http, { prefix, ...documented });
}

/** The prefix's segments are counted, not compared, because they may be parameters. */
function pathBelow(prefix: string, url: string): string {
  const depth = prefix.split('/').filter((segment) => segment !== '').length;
  const [path = ''] = url.split(/[?#]/, 1);
  return `/${path
    .split('/')
    .slice(depth + 1)
    .join('/')}`;
}
