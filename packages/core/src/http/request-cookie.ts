import { SessError } from '../errors.js';
import type { Issued } from '../types.js';
import type { CookieValue } from './cookie.js';
import { CSRF_VARY, type CsrfCheck } from './csrf.js';
import type { Exchange } from './exchange.js';
import type { HttpContext } from './options.js';
import { wholeSeconds } from './request-session.js';

/** New tokens as far as the cookie needs them. */
type CookieInput = Pick<Issued<object>, 'refreshToken' | 'issuedAt' | 'persistent'> & {
  readonly session: { readonly expiresAt: number };
};

type CookieContext = Pick<
  HttpContext<never>,
  'cookie' | 'transport' | 'isAllowedSource' | 'logger' | 'onCookie'
>;

/** The refresh cookie of one request and its response, and whether the page that sent the request may use it. */
export class RequestCookie {
  readonly #http: CookieContext;
  readonly #exchange: Exchange;

  constructor(http: CookieContext, exchange: Exchange) {
    this.#http = http;
    this.#exchange = exchange;
  }

  /** Returns what the request has, or `undefined` if the transport has no cookie. */
  read(): CookieValue | undefined {
    return this.#http.cookie?.read(this.#exchange.header('cookie'));
  }

  /** Sets the cookie to a new refresh token, if the transport has one. */
  set(given: CookieInput): void {
    const { cookie } = this.#http;
    if (cookie === undefined) return;
    const isTransient = given.persistent === false;
    const maxAge = isTransient ? undefined : wholeSeconds(given.session.expiresAt - given.issuedAt);
    this.#exchange.setHeader('Cache-Control', 'no-store');
    this.clearOthers();
    this.#exchange.setCookie(cookie.name, cookie.write(given.refreshToken, maxAge));
    this.#http.onCookie(this.#exchange);
  }

  /** Removes the cookie from the client, if the transport has one: at a sign-out, or one that only a bound device may renew. */
  clear(): void {
    const { cookie } = this.#http;
    if (cookie === undefined) return;
    // A cache must not repeat the sign-out to other users.
    this.#exchange.setHeader('Cache-Control', 'no-store');
    this.clearOthers();
    if (this.#http.transport !== 'bearer') this.#exchange.setCookie(cookie.name, cookie.empty());
    this.#exchange.setCookie(cookie.name, cookie.clear());
  }

  /** Removes other refresh cookies: those of earlier settings, and those that made this request ambiguous. */
  clearOthers(): void {
    const { cookie } = this.#http;
    const exchange = this.#exchange;
    const isAmbiguous = this.read()?.kind === 'duplicate';
    const { host, path, requestedPath = path } = exchange;
    const request = isAmbiguous ? { host, path: requestedPath } : undefined;
    for (const [name, line] of cookie?.clearOthers(request) ?? []) exchange.setCookie(name, line);
  }

  /** True if the page that sent the request may use the cookie. Without a cookie, no page can forge a request. */
  isAllowed(how: Parameters<CsrfCheck>[1] = {}): boolean {
    const exchange = this.#exchange;
    const { cookie, isAllowedSource, logger } = this.#http;
    if (cookie === undefined) return true;
    exchange.vary(CSRF_VARY);
    try {
      if (isAllowedSource(exchange, how)) return true;
    } catch (error) {
      logger.error({ error }, 'the function that checks origins threw, so the request was refused');
      throw error;
    }
    const compared = {
      origin: exchange.header('origin'),
      site: exchange.header('sec-fetch-site'),
      scheme: exchange.protocol,
      host: exchange.host,
    };
    logger.warn(
      compared,
      'request of another site was refused: its origin is not that of this server, and not in csrf.origins',
    );
    return false;
  }

  /** @throws {SessError} `cross_site_request` unless `isAllowed` */
  assertAllowed(how?: Parameters<CsrfCheck>[1]): void {
    if (this.isAllowed(how)) return;
    throw new SessError(
      'cross_site_request',
      'A page of another site sent a request that changes a session.',
    );
  }
}
