import { getSessions, type RegisteredData, type Sessions } from '@sess/core';
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
import { decorateRequests, keepOpened } from './opened.js';
import { declareRoutes, isSessionRoute } from './routes.js';

/** What `sessionPlugin` is registered with. */
export interface SessionPluginOptions extends HttpOptions {
  /** Default: the process-wide engine, which is the one set up by `configureSessions()`, or one in memory. */
  readonly sessions?: Sessions;
}

/** Not encapsulated: what it does is done to the scope that registers it. */
const META = { name: '@sess/fastify', fastify: '>=5.12.0 <6' };

/**
 * A plugin that reads the `Authorization` header, attaches `request.session` and `request.sessions`, and declares
 * the session routes (`POST /session/refresh` and `POST /session/logout`; all of them with `routes: 'all'`):
 *
 * ```ts
 * await app.register(sessionMiddleware(createSessions({ … }), { routes: 'all' }))
 * ```
 *
 * Without arguments it uses the process-wide engine: the one set up by `configureSessions()`, or one in
 * memory. While the store fails, requests that carry a token get a 503, and others pass.
 *
 * It holds for the scope that registers it and for those below, and its paths begin at the scope's prefix. The
 * application's `onRequest` hooks run for session routes too.
 *
 * @throws UsageError `invalid_option`, `invalid_argument`; registering it throws `middleware_conflict` where there
 * is a `request.session` already
 */
export function sessionMiddleware<Data extends object = RegisteredData>(
  sessions?: SessionsFor<Data>,
  options?: HttpOptions,
): FastifyPluginAsync {
  const engine = assertSessions(sessions);
  const http = createSessionHttp(() => engine ?? getSessions(), options);
  return fastifyPlugin(async (app) => mount(app, http, options), META);
}

/**
 * The same as a plugin that takes its options where it is registered:
 *
 * ```ts
 * await app.register(sessionPlugin, { sessions: createSessions({ … }), routes: 'all' })
 * ```
 */
export const sessionPlugin: FastifyPluginAsync<SessionPluginOptions> = fastifyPlugin(
  async (app: FastifyInstance, { sessions, ...options }: SessionPluginOptions) =>
    sessionMiddleware(sessions, options)(app, {}),
  META,
);

function mount(app: FastifyInstance, http: SessionHttp, options?: HttpOptions): void {
  const { prefix } = app;
  decorateRequests(app);
  // By callback: nothing is to be waited for where the engine answers at once.
  app.addHook('onRequest', (request, reply, done) => {
    const exchange = new FastifyExchange(request, reply, prefix);
    const opened = http.createRequest(exchange);
    keepOpened(request, opened);
    const goOn = (answer: Reply | undefined): void => {
      if (answer === undefined) done();
      else sendReply(reply, answer);
    };
    // Session routes look up what they need by themselves, when the application's own hooks have had their say.
    const answer = isSessionRoute(request) ? undefined : http.handle(opened, exchange);
    if (answer instanceof Promise) answer.then(goOn, done);
    else goOn(answer);
  });
  declareRoutes(app, http, options?.refreshTransport === 'body');
}
