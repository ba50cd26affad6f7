import type { Session } from '../types.js';
import { type Exchange, jsonReply, NO_STORE, type Reply, redirectReply } from './exchange.js';
import { isNavigation } from './fetch-metadata.js';
import type { HttpRequest } from './http-request.js';
import type { HttpContext } from './options.js';
import { problemReply } from './problem.js';
import { readRefreshToken } from './refresh-token.js';
import { checkRequest } from './request-check.js';
import { endByAccessToken, endPresented } from './sign-out.js';

/** One request to a session route. */
export interface RouteContext<Data extends object> {
  readonly http: HttpContext<Data>;
  readonly exchange: Exchange;
  readonly request: HttpRequest<Data>;
}

interface GuardedContext<Data extends object> extends RouteContext<Data> {
  readonly session: Session<Data>;
}

/** Returns the reply of a route. */
export type RouteHandler = <Data extends object>(context: RouteContext<Data>) => Promise<Reply>;

/**
 * Shared caches may keep the keys for five minutes. A key must be published for longer than that before it signs, and
 * verifiers that meet an unknown `kid` load the set again.
 */
const JWKS_CACHING = 'public, max-age=300, stale-while-revalidate=60';

const NO_CONTENT: Reply = { status: 204, headers: NO_STORE };

export async function refresh<Data extends object>(context: RouteContext<Data>): Promise<Reply> {
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
    presented.kind === 'value' ? await request.operations.refresh(value, { isCookie }) : undefined;
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

export async function logout<Data extends object>(context: RouteContext<Data>): Promise<Reply> {
  const { http, exchange, request } = context;
  const presented = await readRefreshToken(request);
  if (presented.kind === 'refused' && presented.code !== 'invalid_request') return presented.reply;
  if (!request.hasValidCredentials) return problemReply('invalid_request');
  if (presented.kind === 'refused' || presented.kind === 'duplicate') {
    // An unreadable refresh token does not keep the bearer's session alive.
    const isEnded = await endByAccessToken(request);
    if (presented.kind === 'refused') return presented.reply;
    if (!isEnded) {
      request.cookie.clearOthers();
      return problemReply('invalid_request');
    }
  }
  await endPresented(request, presented.value);
  request.cookie.clear();
  const isForm = http.transport !== 'bearer' && isNavigation(exchange);
  return isForm ? redirectReply(http.afterLogout) : NO_CONTENT;
}

export async function logoutAll<Data extends object>(
  context: GuardedContext<Data>,
): Promise<Reply> {
  const { http, request, session } = context;
  const revoked = await http.sessions.revokeAll(session.subject);
  await request.openOld()?.end();
  request.cookie.clear();
  return jsonReply({ revoked });
}

export async function logoutOthers<Data extends object>(
  context: GuardedContext<Data>,
): Promise<Reply> {
  const { http, session } = context;
  return jsonReply({
    revoked: await http.sessions.revokeAll(session.subject, { except: session.sid }),
  });
}

export async function current<Data extends object>({
  request,
}: GuardedContext<Data>): Promise<Reply> {
  return jsonReply(await request.current());
}

export async function list<Data extends object>(context: GuardedContext<Data>): Promise<Reply> {
  const { http, session } = context;
  const sessions = await http.sessions.list(session.subject);
  return jsonReply({
    sessions: sessions.map((other) => ({ ...other, current: other.sid === session.sid })),
  });
}

export async function revokeOne<Data extends object>(
  context: GuardedContext<Data>,
): Promise<Reply> {
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
export async function publicKeys<Data extends object>({
  http,
}: RouteContext<Data>): Promise<Reply> {
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
export function withSession(
  handle: <Data extends object>(context: GuardedContext<Data>) => Promise<Reply>,
): RouteHandler {
  return async (context) => {
    const { request } = context;
    const refusal = (await request.authenticate()) ?? checkRequest(request, ANY_SESSION);
    if (refusal !== undefined) return refusal;
    // These routes act on the store, so they do not rely on the claims of a token: its session may have ended.
    return handle({ ...context, session: await request.current() });
  };
}

const ANY_SESSION = {};
