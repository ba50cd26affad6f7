import { isSessError } from '../errors.js';
import type { Session } from '../types.js';
import { type Exchange, jsonReply, NO_STORE, type Reply, redirectReply } from './exchange.js';
import { isNavigation } from './fetch-metadata.js';
import type { HttpRequest } from './http-request.js';
import type { HttpContext } from './options.js';
import { problemReply, replyToError } from './problem.js';
import { readRefreshToken } from './refresh-token.js';

/** One request to a session route. */
interface RouteContext<Data extends object> {
  readonly http: HttpContext<Data>;
  readonly exchange: Exchange;
  readonly request: HttpRequest<Data>;
}

interface GuardedContext<Data extends object> extends RouteContext<Data> {
  readonly session: Session<Data>;
}

type Handler = <Data extends object>(context: RouteContext<Data>) => Promise<Reply>;

interface Route {
  readonly method: SessionRoute['method'];
  readonly summary: string;
  readonly result: SessionRoute['result'];
  readonly handle: Handler;
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
  readonly result: 'tokens' | 'nothing' | 'count' | 'session' | 'sessions' | 'keys';
}

const JWKS_PATH = '/.well-known/jwks.json';

/**
 * Shared caches may keep the keys for five minutes. A key must be published for longer than that before it signs, and
 * verifiers that meet an unknown `kid` load the set again.
 */
const JWKS_CACHING = 'public, max-age=300, stale-while-revalidate=60';

const NO_CONTENT: Reply = { status: 204, headers: NO_STORE };

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

type RouteOptions = Pick<HttpContext<never>, 'basePath' | 'routes' | 'jwks'>;

/** Returns the session routes that the options mount. */
export function listRoutes({ basePath, routes, jwks }: RouteOptions): readonly SessionRoute[] {
  const mounted: Readonly<Record<string, Route>> = MOUNTED[routes];
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
): Promise<Reply> | undefined {
  const { http, exchange } = context;
  const { path } = exchange;
  if (http.jwks && path === JWKS_PATH) return runRoute(JWKS_ROUTE, context);
  if (!path.startsWith(http.basePath)) return undefined;
  const rest = path.slice(http.basePath.length);
  const routes: Readonly<Record<string, Route>> = MOUNTED[http.routes];
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

async function refresh<Data extends object>(context: RouteContext<Data>): Promise<Reply> {
  const { http, request } = context;
  const presented = await readRefreshToken(request);
  if (presented.kind === 'refused') return presented.reply;
  if (presented.kind === 'duplicate') {
    // The next request has one cookie.
    request.cookie.clearOthers();
    return problemReply('invalid_request');
  }
  const isCookie = http.transport !== 'bearer';
  const { value } = presented;
  const result =
    presented.kind === 'value' ? await http.sessions.refresh(value, { isCookie }) : undefined;
  if (result?.ok) {
    const tokens = request.deliver(result, value);
    await request.openOld(value)?.retire();
    return jsonReply(tokens);
  }
  const adopted = await request.openOld(value)?.refresh();
  // A client that keeps the token itself has a newer one by now.
  const isKept = adopted !== undefined && adopted.issued.refreshToken === adopted.presented;
  if (adopted !== undefined && !(isKept && http.cookie === undefined)) {
    return jsonReply(request.deliver(adopted.issued, adopted.presented));
  }
  // The cookie stays: it is removed by name, and a late response would remove that of a newer sign-in.
  if (http.refreshTransport === 'bearer') {
    return problemReply(result === undefined ? 'session_required' : 'invalid_token');
  }
  return problemReply(result === undefined ? 'refresh_token_missing' : 'refresh_token_rejected');
}

async function logout<Data extends object>(context: RouteContext<Data>): Promise<Reply> {
  const { http, exchange, request } = context;
  const presented = await readRefreshToken(request);
  if (presented.kind === 'refused' && presented.code !== 'invalid_request') return presented.reply;
  if (!request.hasValidCredentials) return problemReply('invalid_request');
  if (presented.kind === 'refused' || presented.kind === 'duplicate') {
    // An unreadable refresh token does not keep the bearer's session alive.
    const isEnded = await request.revokeBearer();
    if (presented.kind === 'refused') return presented.reply;
    if (!isEnded) {
      request.cookie.clearOthers();
      return problemReply('invalid_request');
    }
  }
  await request.revokePresented(presented.value);
  request.cookie.clear();
  const isForm = http.transport !== 'bearer' && isNavigation(exchange);
  return isForm ? redirectReply(http.afterLogout) : NO_CONTENT;
}

async function logoutAll<Data extends object>(context: GuardedContext<Data>): Promise<Reply> {
  const { http, request, session } = context;
  const revoked = await http.sessions.revokeAll(session.subject);
  await request.openOld()?.end();
  request.cookie.clear();
  return jsonReply({ revoked });
}

async function logoutOthers<Data extends object>(context: GuardedContext<Data>): Promise<Reply> {
  const { http, session } = context;
  return jsonReply({
    revoked: await http.sessions.revokeAll(session.subject, { except: session.sid }),
  });
}

async function current<Data extends object>({ request }: GuardedContext<Data>): Promise<Reply> {
  return jsonReply(await request.current());
}

async function list<Data extends object>(context: GuardedContext<Data>): Promise<Reply> {
  const { http, session } = context;
  const sessions = await http.sessions.list(session.subject);
  return jsonReply({
    sessions: sessions.map((other) => ({ ...other, current: other.sid === session.sid })),
  });
}

async function revokeOne<Data extends object>(context: GuardedContext<Data>): Promise<Reply> {
  const { http, exchange, request, session } = context;
  const { sessions, basePath } = http;
  const sid = exchange.path.slice(basePath.length + 1);
  if (sid !== session.sid) {
    const other = await sessions.get(sid);
    // The same reply for a foreign, an absent and a malformed sid.
    if (other?.subject !== session.subject) return problemReply('not_found');
  }
  await sessions.revoke(sid);
  if (sid === session.sid) {
    await request.openOld()?.end();
    request.cookie.clear();
  }
  return NO_CONTENT;
}

/** Serves the engine's public keys (RFC 7517, section 5). They are public, so no credential is checked. */
async function publicKeys<Data extends object>({ http }: RouteContext<Data>): Promise<Reply> {
  const { sessions } = http;
  if (sessions.publicKeys === undefined) {
    const detail =
      'There are no public keys: the access tokens here are opaque, or signed with a secret.';
    return problemReply('not_found', { members: { detail } });
  }
  return {
    status: 200,
    headers: { 'Cache-Control': JWKS_CACHING, 'Content-Type': 'application/jwk-set+json' },
    body: JSON.stringify(await sessions.publicKeys()),
  };
}

/**
 * For routes that act on the session of the request. A page of another site cannot send a bearer token; where the cookie
 * counts, `authenticate` has checked the source.
 */
function withSession(
  handle: <Data extends object>(context: GuardedContext<Data>) => Promise<Reply>,
): Handler {
  return async (context) => {
    const { request } = context;
    const refusal = (await request.authenticate()) ?? request.check(ANY_SESSION);
    if (refusal !== undefined) return refusal;
    // These routes act on the store, so they do not rely on the claims of a token: its session may have ended.
    return handle({ ...context, session: await request.current() });
  };
}

const ANY_SESSION = {
  maxAgeMs: undefined,
  acr: undefined,
  where: undefined,
  redirectTo: undefined,
};
