import { isSessError } from '../errors.js';
import type { Exchange, Reply } from './exchange.js';
import type { HttpSettings } from './options.js';
import { problemReply, replyToError } from './problem.js';
import {
  current,
  list,
  logout,
  logoutAll,
  logoutOthers,
  publicKeys,
  type RouteContext,
  type RouteHandler,
  refresh,
  revokeOne,
  withSession,
} from './route-handlers.js';

interface Route {
  readonly method: SessionRoute['method'];
  readonly summary: string;
  readonly result: SessionRoute['result'];
  readonly handle: RouteHandler;
}

/** A session route, for adapters that declare routes to their framework, and for documentation. */
export interface SessionRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The path as routers write it, with the base: `'/session/:sid'`. */
  readonly path: string;
  /** The same without the base: `'/:sid'`. */
  readonly below: string;
  /** What the route does, in one line. */
  readonly summary: string;
  /** What a successful response holds. */
  readonly result: 'tokens' | 'nothing' | 'count' | 'session' | 'sessions' | 'keys' | 'binding';
}

const JWKS_PATH = '/.well-known/jwks.json';

const SID_ROUTE = '/:sid';
const SID_PATH = /^\/[\w-]{32}$/;

/** Routes by their path below the base. `/:sid` stands for a segment in the form of a session id. */
const DEFAULT_ROUTES: Readonly<Record<string, Route>> = {
  '/refresh': {
    method: 'POST',
    summary: 'Rotates the refresh token and returns an access token',
    result: 'tokens',
    handle: refresh,
  },
  '/logout': {
    method: 'POST',
    summary: 'Ends the session of the tokens in the request',
    result: 'nothing',
    handle: logout,
  },
};

const ALL_ROUTES: Readonly<Record<string, Route>> = {
  ...DEFAULT_ROUTES,
  '/logout-all': {
    method: 'POST',
    summary: "Ends all of the user's sessions",
    result: 'count',
    handle: withSession(logoutAll),
  },
  '/logout-others': {
    method: 'POST',
    summary: "Ends all of the user's sessions except this one",
    result: 'count',
    handle: withSession(logoutOthers),
  },
  '': {
    method: 'GET',
    summary: 'Returns the session of the request',
    result: 'session',
    handle: withSession(current),
  },
  '/list': {
    method: 'GET',
    summary: "Returns the user's sessions",
    result: 'sessions',
    handle: withSession(list),
  },
  [SID_ROUTE]: {
    method: 'DELETE',
    summary: "Ends one of the user's sessions",
    result: 'nothing',
    handle: withSession(revokeOne),
  },
};

const JWKS_ROUTE: Route = {
  method: 'GET',
  summary: 'Returns the public keys of access tokens',
  result: 'keys',
  handle: publicKeys,
};

const MOUNTED = { none: {}, default: DEFAULT_ROUTES, all: ALL_ROUTES } as const;

/** Session routes by their paths below the base. */
type Routes = Readonly<Record<string, Route>>;

/** Returns the session routes that the options mount, apart from that of public keys. */
export function mountRoutes({ routes, bound }: HttpSettings): Routes {
  return { ...MOUNTED[routes], ...bound?.routes };
}

/** Returns all session routes that the options mount, for frameworks and documentation. */
export function listRoutes(
  { basePath, jwks }: HttpSettings,
  mounted: Routes,
): readonly SessionRoute[] {
  const listed = Object.entries(mounted).map(([below, route]) =>
    toSessionRoute(route, below, basePath + below),
  );
  return jwks ? [...listed, toSessionRoute(JWKS_ROUTE, JWKS_PATH, JWKS_PATH)] : listed;
}

function toSessionRoute(route: Route, below: string, path: string): SessionRoute {
  const { method, summary, result } = route;
  return { method, path, below, summary, result };
}

/** Returns the reply of a session route, or `undefined` if the path belongs to the application. */
export function handleRoute<Data extends object>(
  context: RouteContext<Data>,
  routes: Routes,
): Promise<Reply> | undefined {
  const { http, exchange } = context;
  const { path } = exchange;
  if (http.jwks && path === JWKS_PATH) return runRoute(JWKS_ROUTE, context);
  if (!path.startsWith(http.basePath)) return undefined;
  const rest = path.slice(http.basePath.length);
  if (Object.hasOwn(routes, rest) && rest !== SID_ROUTE) {
    return isPreflight(exchange) ? undefined : runRoute(routes[rest] as Route, context);
  }
  // Other segments, and other methods, may be the application's: `GET /auth/me` beside `DELETE /auth/:sid`.
  const isSid = exchange.method === 'DELETE' && SID_PATH.test(rest);
  const route = isSid ? routes[SID_ROUTE] : undefined;
  return route && runRoute(route, context);
}

/** True for the request of a browser that asks for permission (Fetch, section 4.8): the application's CORS grants it. */
function isPreflight(exchange: Exchange): boolean {
  return (
    exchange.method === 'OPTIONS' && exchange.header('access-control-request-method') !== undefined
  );
}

async function runRoute<Data extends object>(
  route: Route,
  context: RouteContext<Data>,
): Promise<Reply> {
  // HEAD is GET without its body, which the server leaves out (RFC 9110, section 9.3.2).
  const isHead = context.exchange.method === 'HEAD' && route.method === 'GET';
  if (!isHead && context.exchange.method !== route.method) {
    const allow = route.method === 'GET' ? 'GET, HEAD' : route.method;
    return problemReply('method_not_allowed', { headers: { Allow: allow } });
  }
  const { exchange, http, request } = context;
  if (route !== JWKS_ROUTE) exchange.setHeader('Cache-Control', 'no-store');
  try {
    await request.settleBody();
    return await route.handle(context);
  } catch (error) {
    if (isSessError(error, 'invalid_data') || isSessError(error, 'data_too_large')) {
      // These requests carry no data, so the stored data is at fault: for instance older than the schema or the claims.
      http.logger.error({ error }, 'a stored session does not fit the current settings');
      return problemReply('session_unusable');
    }
    const reply = replyToError(error);
    if (reply === undefined) throw error;
    return reply;
  }
}
