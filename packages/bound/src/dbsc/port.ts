import type { Issued } from '@sess/core';
import type { BoundRequest, BoundSettings, Exchange, Reply } from '@sess/core/http';
import {
  type EngineContext,
  isSid,
  type ProblemCode,
  parseRefreshToken,
  problemReply,
} from '@sess/core/internal';
import type { BoundCookie } from './bound-cookie.js';
import { registrationChallenge, renewalChallenge } from './challenges.js';
import { createDeviceRules } from './cookies.js';
import { parseProof, unquote } from './proof.js';
import { createRegistration, REGISTRATION_MS } from './registration.js';
import { createRenewal } from './renewal.js';

type Cookie = NonNullable<BoundSettings['cookie']>;

/** For the way of a request and its response. Milliseconds. */
const EARLY_MS = 5_000;

/** Returns the attributes of a cookie as browsers compare them with those that it is set with. */
export function attributesOf(cookie: Cookie): string {
  return cookie.write('', undefined).slice(cookie.name.length + 1);
}

/** A request, as far as it is asked. */
type Request = Pick<BoundRequest<object>, 'exchange' | 'cookie'>;

/** What the requests of a middleware ask about bound sessions of one engine. */
export interface DbscPort {
  /** Returns the reply of the route. */
  handle(request: Request): Promise<Reply>;
  /** Called when a sign-in or a re-authentication has set its cookie. */
  onIssued(request: Request, issued: Issued<object>): void;
}

/** Creates what the requests of a middleware ask about bound sessions of an engine. */
export function createDbscPort(given: {
  readonly context: EngineContext;
  readonly settings: BoundSettings;
  readonly cookie: Cookie;
  readonly boundTtl: number;
}): DbscPort {
  const { context, settings, cookie, boundTtl } = given;
  Object.assign(context.rules, createDeviceRules(context));
  const register = createRegistration(context, boundTtl);
  const renew = createRenewal(context, boundTtl);
  const attributes = attributesOf(cookie).replace(/^; /, '');

  const pathOf = (exchange: Exchange): string => `${mountOf(exchange)}${settings.basePath}/bind`;

  /** Sets the cookie, and returns the instructions of the session (DBSC, "JSON session instructions"). */
  function bound(request: Request, sid: string, made: BoundCookie): Reply {
    const { exchange } = request;
    request.cookie.set({ ...made, session: { expiresAt: heldUntil(made) } });
    return {
      status: 200,
      headers: {
        'Cache-Control': 'no-store',
        'Content-Type': 'application/json',
        ...challengeHeader(sid, renewalChallenge(sid, made.binding)),
      },
      body: JSON.stringify({
        session_identifier: sid,
        refresh_url: pathOf(exchange),
        // Without it, a link from another site finds a user whose cookie has run out signed out.
        allowed_refresh_initiators: ['*'],
        scope: { include_site: false, scope_specification: [] },
        credentials: [{ type: 'cookie', name: cookie.name, attributes }],
      }),
    };
  }

  async function registerKey(request: Request): Promise<Reply> {
    const proof = parseProof(request.exchange.header('secure-session-response'));
    const token = parseRefreshToken(request.cookie.read()?.value);
    if (proof === undefined || token === undefined) return refuse();
    const made = await register(token, proof);
    return made === undefined ? refuse() : bound(request, token.sid, made);
  }

  async function renewCookie(request: Request, sid: string): Promise<Reply> {
    const sent = request.exchange.header('secure-session-response');
    const proof = sent === undefined ? 'absent' : (parseProof(sent) ?? 'malformed');
    const renewal = await renew(sid, proof);
    if (renewal.kind === 'renewed') return bound(request, sid, renewal.cookie);
    if (renewal.kind !== 'challenge') return refuse();
    // Never another status: browsers would send an old proof again.
    return refuse('access_denied', challengeHeader(sid, renewal.challenge));
  }

  return {
    async handle(request) {
      const sid = unquote(request.exchange.header('sec-secure-session-id'));
      if (sid === undefined) return registerKey(request);
      return isSid(sid) ? renewCookie(request, sid) : refuse();
    },

    onIssued(request, { session, refreshToken, issuedAt, persistent }) {
      const { exchange } = request;
      if (session.binding !== undefined) {
        const expiresAt = Math.min(issuedAt + boundTtl, session.expiresAt);
        const held = { expiresAt: heldUntil({ issuedAt, expiresAt }) };
        request.cookie.set({ refreshToken, issuedAt, session: held });
        return;
      }
      const token = parseRefreshToken(refreshToken);
      const isRecent = issuedAt - session.authenticatedAt < REGISTRATION_MS;
      if (persistent === false || token === undefined || !isRecent) return;
      const challenge = registrationChallenge(token);
      exchange.setHeader(
        'Secure-Session-Registration',
        `(ES256);path="${pathOf(exchange)}";challenge="${challenge}"`,
      );
    },
  };
}

function challengeHeader(sid: string, challenge: string): Readonly<Record<string, string>> {
  return { 'Secure-Session-Challenge': `"${challenge}";id="${sid}"` };
}

function refuse(
  code: ProblemCode = 'session_required',
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return problemReply(code, { headers });
}

/**
 * Returns when a browser gives up a cookie: earlier than the server, so that none arrives that has just run out. It would be
 * taken for a copy.
 */
function heldUntil({ issuedAt, expiresAt }: Omit<BoundCookie, 'binding' | 'refreshToken'>): number {
  return Math.max(expiresAt - EARLY_MS, (issuedAt + expiresAt) / 2);
}

/** Returns the path above the place where the middleware is mounted. */
function mountOf({ path, requestedPath = path }: Exchange): string {
  return requestedPath.endsWith(path) ? requestedPath.slice(0, -path.length) : '';
}
