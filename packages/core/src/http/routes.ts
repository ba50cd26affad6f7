import type { Session } from '../types.js';
import type { CookieValue } from './cookie.js';
import { CSRF_VARY } from './csrf.js';
import { type Exchange, jsonReply, NO_STORE, type Reply } from './exchange.js';
import { createGuard } from './guard.js';
import { handleJwks, JWKS_PATH } from './jwks.js';
import { problemReply, replyToError } from './problem.js';
import type { Protocol } from './protocol.js';
import type { SessionRequest } from './session-request.js';

/** One route at work on one request. */
interface Visit<Data extends object> {
  readonly protocol: Protocol<Data>;
  readonly exchange: Exchange;
  readonly request: SessionRequest<Data>;
}

type Handler = <Data extends object>(visit: Visit<Data>) => Promise<Reply>;

interface Route {
  readonly method: SessionRoute['method'];
  readonly handle: Handler;
}

const ANY_SESSION = createGuard<object>();
const NO_CONTENT: Reply = { status: 204, headers: NO_STORE };

/** Routes by their path below the base. `/:sid` stands for every other single segment. */
const DEFAULT_ROUTES: Readonly<Record<string, Route>> = {
  '/refresh': { method: 'POST', handle: refresh },
  '/logout': { method: 'POST', handle: logout },
};

const ALL_ROUTES: Readonly<Record<string, Route>> = {
  ...DEFAULT_ROUTES,
  '/logout-all': { method: 'POST', handle: withSession(logoutAll) },
  '/logout-others': { method: 'POST', handle: withSession(logoutOthers) },
  '': { method: 'GET', handle: withSession(current) },
  '/list': { method: 'GET', handle: withSession(list) },
  '/:sid': { method: 'DELETE', handle: withSession(revokeOne) },
};

const MOUNTED = { none: {}, default: DEFAULT_ROUTES, all: ALL_ROUTES } as const;

/** A session route, for adapters that declare routes to their framework. */
export interface SessionRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As routers write it, with the base: `'/session/:sid'`. */
  readonly path: string;
  /** The same without the base: `'/:sid'`. */
  readonly below: string;
}

/** The session routes that the options mount. */
export function listRoutes({
  basePath,
  routes,
  jwks,
}: Pick<Protocol<never>, 'basePath' | 'routes' | 'jwks'>): readonly SessionRoute[] {
  const mounted: Readonly<Record<string, Route>> = MOUNTED[routes];
  const listed = Object.entries(mounted).map(([below, { method }]) => ({
    method,
    path: basePath + below,
    below,
  }));
  return jwks ? [...listed, { method: 'GET', path: JWKS_PATH, below: JWKS_PATH }] : listed;
}

/** Answers a session route; says `undefined` at once when the path is the application's own, as most are. */
export function handleRoute<Data extends object>(visit: Visit<Data>): Promise<Reply> | undefined {
  const { protocol, exchange } = visit;
  const { path } = exchange;
  if (protocol.jwks && path === JWKS_PATH) return handleJwks(protocol.sessions, exchange);
  if (!path.startsWith(protocol.basePath)) return undefined;
  const rest = path.slice(protocol.basePath.length);
  const routes: Readonly<Record<string, Route>> = MOUNTED[protocol.routes];
  const route = Object.hasOwn(routes, rest)
    ? routes[rest]
    : /^\/[^/]+$/.test(rest)
      ? routes['/:sid']
      : undefined;
  return route && visitRoute(route, visit);
}

async function visitRoute<Data extends object>(route: Route, visit: Visit<Data>): Promise<Reply> {
  const { exchange } = visit;
  // HEAD is GET whose body the server leaves out (RFC 9110, section 9.3.2).
  const method = exchange.method === 'HEAD' && route.method === 'GET' ? 'GET' : exchange.method;
  if (method !== route.method) {
    const allow = route.method === 'GET' ? 'GET, HEAD' : route.method;
    return problemReply('method_not_allowed', { headers: { Allow: allow } });
  }
  try {
    return await route.handle(visit);
  } catch (error) {
    const reply = replyToError(error);
    if (reply === undefined) throw error;
    return reply;
  }
}

async function refresh<Data extends object>({
  protocol,
  exchange,
  request,
}: Visit<Data>): Promise<Reply> {
  const { sessions, cookie } = protocol;
  const presented = await readRefreshToken(protocol, exchange, request);
  if (presented.kind === 'refused') return presented.reply;
  const isBearer = protocol.transport === 'bearer';
  if (presented.kind === 'none') {
    return problemReply(isBearer ? 'session_required' : 'refresh_token_missing');
  }

  const result = await sessions.refresh(presented.value);
  if (!result.ok) {
    // Only a reused token is surely worthless. An unknown one may belong to the loser of a race, whose
    // answer would then wipe out the winner's cookie.
    if (result.reason === 'reused' && cookie !== undefined)
      exchange.setCookie(cookie.name, cookie.clear());
    return problemReply(isBearer ? 'invalid_token' : 'refresh_token_rejected');
  }
  return jsonReply(request.deliver(result, presented.value));
}

async function logout<Data extends object>({
  protocol,
  exchange,
  request,
}: Visit<Data>): Promise<Reply> {
  const { cookie } = protocol;
  const presented = await readRefreshToken(protocol, exchange, request);
  if (presented.kind === 'refused') return presented.reply;
  if (!request.hasWellSentToken) return problemReply('invalid_request');
  await request.endCarried(presented.kind === 'value' ? presented.value : undefined);
  if (cookie !== undefined) exchange.setCookie(cookie.name, cookie.clear());
  return NO_CONTENT;
}

async function logoutAll<Data extends object>(visit: GuardedVisit<Data>): Promise<Reply> {
  const { protocol, exchange, session } = visit;
  const { sessions, cookie } = protocol;
  const revoked = await sessions.revokeAll(session.subject);
  if (cookie !== undefined) exchange.setCookie(cookie.name, cookie.clear());
  return jsonReply({ revoked });
}

async function logoutOthers<Data extends object>({
  protocol,
  session,
}: GuardedVisit<Data>): Promise<Reply> {
  return jsonReply({
    revoked: await protocol.sessions.revokeAll(session.subject, { except: session.sid }),
  });
}

async function current<Data extends object>({ request }: GuardedVisit<Data>): Promise<Reply> {
  return jsonReply(await request.current());
}

async function list<Data extends object>({
  protocol,
  session,
}: GuardedVisit<Data>): Promise<Reply> {
  const sessions = await protocol.sessions.list(session.subject);
  return jsonReply({
    sessions: sessions.map((other) => ({ ...other, current: other.sid === session.sid })),
  });
}

async function revokeOne<Data extends object>(visit: GuardedVisit<Data>): Promise<Reply> {
  const { protocol, exchange, session } = visit;
  const { sessions, cookie, basePath } = protocol;
  const sid = exchange.path.slice(basePath.length + 1);
  if (sid !== session.sid) {
    const other = await sessions.get(sid);
    // Somebody else's, absent and malformed read the same.
    if (other?.subject !== session.subject) return problemReply('not_found');
  }
  await sessions.revoke(sid);
  if (sid === session.sid && cookie !== undefined) exchange.setCookie(cookie.name, cookie.clear());
  return NO_CONTENT;
}

interface GuardedVisit<Data extends object> extends Visit<Data> {
  readonly session: Session<Data>;
}

/** Routes that act by bearer token alone. No page of another site can send that, so its source is not asked. */
function withSession(
  handle: <Data extends object>(visit: GuardedVisit<Data>) => Promise<Reply>,
): Handler {
  return async (visit) => {
    const { request } = visit;
    const failure = (await request.authenticate()) ?? request.guard(ANY_SESSION);
    if (failure !== undefined) return failure;
    const { session } = request;
    return session === null ? problemReply('session_required') : handle({ ...visit, session });
  };
}

type PresentedToken =
  | { readonly kind: 'refused'; readonly reply: Reply }
  | Exclude<CookieValue, { kind: 'duplicate' }>;

/** The refresh token of a request, from where the protocol has it travel. The store is not touched. */
async function readRefreshToken<Data extends object>(
  { cookie, isAllowedSource, transport }: Protocol<Data>,
  exchange: Exchange,
  request: SessionRequest<Data>,
): Promise<PresentedToken> {
  if (transport === 'bearer') return readBearerToken(request);
  if (cookie === undefined) return readBodyToken(exchange);
  exchange.vary(CSRF_VARY);
  if (!isAllowedSource(exchange))
    return { kind: 'refused', reply: problemReply('cross_site_request') };
  const value = cookie.read(exchange.header('cookie'));
  return value.kind === 'duplicate'
    ? { kind: 'refused', reply: problemReply('invalid_request') }
    : value;
}

function readBearerToken<Data extends object>({
  credentials,
  hasWellSentToken,
}: SessionRequest<Data>): PresentedToken {
  if (!hasWellSentToken) return { kind: 'refused', reply: problemReply('invalid_request') };
  return credentials.kind === 'token'
    ? { kind: 'value', value: credentials.token }
    : { kind: 'none' };
}

async function readBodyToken(exchange: Exchange): Promise<PresentedToken> {
  let body: unknown;
  try {
    body = await exchange.readJson();
  } catch {
    return { kind: 'refused', reply: problemReply('invalid_request') };
  }
  const token =
    typeof body === 'object' && body !== null && 'refresh_token' in body
      ? body.refresh_token
      : undefined;
  return typeof token === 'string' ? { kind: 'value', value: token } : { kind: 'none' };
}
