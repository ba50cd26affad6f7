import type { CookieValue } from './cookie.js';
import type { Exchange, Reply } from './exchange.js';
import type { HttpRequest } from './http-request.js';
import { problemReply } from './problem.js';

type RefusalCode = 'cross_site_request' | 'invalid_request';

/** The refresh token of a request, or the reply that refuses it. */
export type PresentedToken =
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      readonly reply: Reply;
      readonly value?: undefined;
    }
  | CookieValue;

/** Reads the refresh token of a request, from where the transport has it. The store is not called. */
export async function readRefreshToken<Data extends object>(
  request: HttpRequest<Data>,
): Promise<PresentedToken> {
  const { http, exchange } = request;
  const { cookie } = http;
  if (http.refreshTransport === 'bearer') return readBearerToken(request);
  if (cookie === undefined) return readBodyToken(exchange);
  if (!request.cookie.isAllowed()) return refuse('cross_site_request');
  return cookie.read(exchange.header('cookie'));
}

function readBearerToken<Data extends object>(request: HttpRequest<Data>): PresentedToken {
  const { credentials, hasValidCredentials } = request;
  if (!hasValidCredentials) return refuse('invalid_request');
  return credentials.kind === 'token'
    ? { kind: 'value', value: credentials.token }
    : { kind: 'none' };
}

async function readBodyToken(exchange: Exchange): Promise<PresentedToken> {
  let body: unknown;
  try {
    body = await exchange.readJson();
  } catch {
    // Whichever way the body is unreadable, the client has to send another one.
    return refuse('invalid_request');
  }
  const token =
    typeof body === 'object' && body !== null && 'refresh_token' in body
      ? body.refresh_token
      : undefined;
  return typeof token === 'string' ? { kind: 'value', value: token } : { kind: 'none' };
}

function refuse(code: RefusalCode): PresentedToken {
  return { kind: 'refused', code, reply: problemReply(code) };
}
