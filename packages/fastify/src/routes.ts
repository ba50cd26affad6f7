import type { Readable } from 'node:stream';
import type { SessionHttp } from '@sess/core/http';
import type { FastifyInstance, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import { FastifyExchange, sendReply } from './exchange.js';
import { getRequestState } from './request-state.js';

type SessionRoute = SessionHttp['routes'][number];

/** A route's schema, with the members that @fastify/swagger reads. */
interface RouteSchema extends FastifySchema {
  readonly hide?: boolean;
  readonly tags?: readonly string[];
  readonly summary?: string;
}

/** What the documentation of the session routes depends on. */
export interface Documented {
  readonly isHidden: boolean;
  readonly hasTokenInBody: boolean;
}

/** Registered, so that the guard of another copy of this package recognises the route. */
const SESSION_ROUTE: unique symbol = Symbol.for('sess.fastify-route');

/** Keeps a route out of the documentation. */
const HIDDEN: RouteSchema = { hide: true };

/**
 * Declares the session routes, so that the router, hooks and documentation know them. The protocol handles them
 * before Fastify parses the body, because session routes accept each content type. It also handles wrong methods.
 */
export function declareRoutes(
  app: FastifyInstance,
  http: SessionHttp,
  settings: Documented & { readonly prefix: string },
): void {
  const { prefix, isHidden, hasTokenInBody } = settings;
  const shared: Omit<RouteOptions, 'method' | 'url'> = {
    exposeHeadRoute: false,
    // The schemas are documentation only, and the compiler of another schema type would refuse them.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    async preParsing(request, reply, payload) {
      const exchange = new FastifyExchange(request, reply, {
        path: sessionPath(request),
        body: payload as Readable,
      });
      const answer = await http.handle(getRequestState(request), exchange);
      if (answer !== undefined) return sendReply(reply, answer);
      // A preflight, for which no hook has responded.
      reply.callNotFound();
      return reply;
    },
    // Fastify requires a handler; `preParsing` has sent a response before it could run.
    handler: (_request, reply) => reply.callNotFound(),
  };
  for (const route of http.routes) {
    const { method, path } = route;
    const config = { [SESSION_ROUTE]: path } as object;
    const schema = isHidden ? HIDDEN : schemaOf(route, hasTokenInBody);
    if (path.endsWith('/:sid')) {
      // Other segments, and other methods, may be the application's.
      app.route({ ...shared, config, method, url: `${prefix}${path}(^[\\w-]{32}$)`, schema });
      continue;
    }
    const others = app.supportedMethods.filter((other) => other !== method);
    app.route({ ...shared, config, method, url: prefix + path, schema });
    app.route({ ...shared, config, method: others, url: prefix + path, schema: HIDDEN });
  }
}

/** True if the request is for a session route. */
export function isSessionRoute(request: FastifyRequest): boolean {
  return SESSION_ROUTE in request.routeOptions.config;
}

/** Returns the path of the route that the router has found, which may ignore a trailing slash or the case. */
function sessionPath({ routeOptions, params }: FastifyRequest): string {
  const path = (routeOptions.config as { readonly [SESSION_ROUTE]?: string })[SESSION_ROUTE] ?? '';
  return path.replace(':sid', (params as { readonly sid?: string }).sid ?? '');
}

const string = { type: 'string' };
const integer = { type: 'integer' };

const PROBLEM = object(['title', 'status', 'detail', 'code'], {
  title: string,
  status: integer,
  detail: string,
  code: string,
});
const REFRESH_TOKEN = { refresh_token: string };
const SESSION_MEMBERS = {
  sid: string,
  subject: string,
  data: { type: 'object', additionalProperties: true },
  device: object([], { userAgent: string, ip: string, label: string }),
  createdAt: integer,
  authenticatedAt: integer,
  lastUsedAt: integer,
  expiresAt: integer,
};
const BINDING = { binding: object(['kind'], { kind: string, jkt: string }) };
const SESSION = object(Object.keys(SESSION_MEMBERS), { ...SESSION_MEMBERS, ...BINDING });
const LISTED = object([...SESSION.required, 'current'], {
  ...SESSION_MEMBERS,
  ...BINDING,
  current: { type: 'boolean' },
});
const SESSIONS = object(['sessions'], { sessions: { type: 'array', items: LISTED } });

const MALFORMED = { 400: problem('The credentials are malformed, or were sent twice.') };
const REFUSED = { 401: problem('There is no session.') };
const FOREIGN = { 403: problem('A page of another site sent the request.') };
const UNAVAILABLE = { 503: problem('The store does not respond. Try again.') };
const GUARDED = { ...MALFORMED, ...REFUSED, ...UNAVAILABLE };

/** The successful response of a route, by what it holds. */
const RESULTS: Readonly<Record<SessionRoute['result'], (hasTokenInBody: boolean) => object>> = {
  tokens: (hasTokenInBody) => ({ 200: tokens(hasTokenInBody) }),
  nothing: () => ({ 204: { type: 'null', description: 'The session has ended.' } }),
  count: () => ({
    200: json('Number of ended sessions.', object(['revoked'], { revoked: integer })),
  }),
  session: () => ({ 200: json('The session. Times are epoch milliseconds.', SESSION) }),
  sessions: () => ({ 200: json('The sessions.', SESSIONS) }),
  keys: () => ({ 200: { description: 'A JWK Set (RFC 7517).' } }),
  binding: () => ({ 200: { description: 'The bound session.' } }),
};

/** Refusals of the routes that are not guarded by a bearer token, or that have more than the others. */
const REFUSALS: Readonly<Record<string, object>> = {
  '/refresh': { ...MALFORMED, ...REFUSED, ...FOREIGN, ...UNAVAILABLE },
  '/logout': { ...MALFORMED, ...FOREIGN, ...UNAVAILABLE },
  '/:sid': { ...GUARDED, 404: problem('The user has no such session.') },
  '/.well-known/jwks.json': { 404: problem('The engine has no public keys.') },
};

/** Returns what a session route takes and returns, for documentation. */
function schemaOf({ below, summary, result }: SessionRoute, hasTokenInBody: boolean): RouteSchema {
  const isRefresh = below === '/refresh';
  const takesToken = isRefresh || below === '/logout';
  return {
    tags: ['session'],
    summary,
    ...(hasTokenInBody && takesToken
      ? { body: object(isRefresh ? ['refresh_token'] : [], REFRESH_TOKEN) }
      : {}),
    response: { ...RESULTS[result](hasTokenInBody), ...(REFUSALS[below] ?? GUARDED) },
  };
}

function tokens(hasTokenInBody: boolean): object {
  const names = ['access_token', 'token_type', 'expires_in'];
  return json(
    'New tokens.',
    object(hasTokenInBody ? [...names, 'refresh_token'] : names, {
      access_token: string,
      token_type: { type: 'string', enum: ['Bearer'] },
      expires_in: { type: 'integer', description: 'Seconds.' },
      ...(hasTokenInBody ? REFRESH_TOKEN : {}),
    }),
  );
}

function object(required: readonly string[], properties: Readonly<Record<string, object>>) {
  return { type: 'object', required, properties };
}

function json(description: string, schema: object): object {
  return { description, content: { 'application/json': { schema } } };
}

function problem(description: string): object {
  return { description, content: { 'application/problem+json': { schema: PROBLEM } } };
}
