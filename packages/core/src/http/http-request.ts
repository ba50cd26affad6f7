import {
  type InvalidDataError,
  isSessError,
  SessError,
  StoreUnavailableError,
  UsageError,
} from '../errors.js';
import type {
  Device,
  ElevateInput,
  Guest,
  GuestPatch,
  Issued,
  OneTimeValue,
  PresentedTokens,
  PresentResult,
  RegisteredData,
  RegisteredOnce,
  Session,
  Sessions,
  VerifyResult,
} from '../types.js';
import { type Duration, type Readers, readOptions } from '../util/options.js';
import { type BearerCredentials, readBearer } from './bearer.js';
import type { CookieValue } from './cookie.js';
import {
  CSRF_VARY,
  type CsrfCheck,
  createOriginCheck,
  isSafeMethod,
  type OriginCheck,
} from './csrf.js';
import { createPrivateCaching, type Exchange, type Reply, redirectReply } from './exchange.js';
import { canRenew, isNavigation, isUpgrade } from './fetch-metadata.js';
import { assertBoolean, CHECK, ENGINE, type Requirements } from './guard.js';
import type { HttpContext } from './options.js';
import { problemReply, stepUpReply } from './problem.js';
import {
  type RequestGuest,
  type RequestSession,
  type StartInput,
  type StartOptions,
  type TokenResponse,
  toTokenResponse,
  wholeSeconds,
} from './request-session.js';
import { signInLocation } from './return-path.js';

const START_OPTIONS = {
  origins: (name, value) => (value === undefined ? undefined : createOriginCheck(name, value)),
} satisfies Readers<StartOptions>;

/** Of cookies with one name, a sign-out ends the sessions of this many. */
const MAX_COOKIES = 8;

/** The session of one request. Adapters see it as `RequestSession`. */
export class HttpRequest<Data extends object = RegisteredData> implements RequestSession<Data> {
  readonly #http: HttpContext<Data>;
  readonly #exchange: Exchange;
  #credentials: BearerCredentials | undefined;
  /** Why the request's cookie does not count. */
  #refusal: 'invalid_request' | 'cross_site_request' | undefined;
  #hasCookieSession = false;
  /** The request's cookie was presented, and is not that of a live session or guest. */
  #isCookieDead = false;
  #hasStoreFailed = false;
  #session: Session<Data> | null = null;
  #guest: Guest<Data> | undefined;
  /** A guest that is being created. */
  #creation: Promise<Guest<Data>> | undefined;
  /** Whether something has used the session or the guest, so that the response depends on it. */
  #isUsed = false;
  /** The session or the guest ended during the request. */
  #hasEnded = false;
  /** The refresh token of a session or a guest that was started during the request. */
  #issuedToken: string | undefined;

  constructor(http: HttpContext<Data>, exchange: Exchange) {
    this.#http = http;
    this.#exchange = exchange;
  }

  get session(): Session<Data> | null {
    this.#noteUse();
    return this.#session;
  }

  get engine(): Sessions<Data> {
    return this.#http.sessions;
  }

  /** What the `Authorization` lines hold. */
  get credentials(): BearerCredentials {
    this.#credentials ??= readBearer(this.#exchange.authorization());
    return this.#credentials;
  }

  /** True if there is no bearer token, or one, well-formed and in one place (RFC 6750, section 2). */
  get hasValidCredentials(): boolean {
    const { kind } = this.credentials;
    return kind === 'token' ? !this.#hasSecondToken() : kind !== 'invalid';
  }

  /** Verifies the access token or the cookie, if there is one. Returns a reply only if the store fails. */
  authenticate(): Reply | undefined | Promise<Reply | undefined> {
    const { credentials } = this;
    const { transport } = this.#http;
    if (credentials.kind === 'none' && transport !== 'bearer') return this.#authenticateByCookie();
    if (credentials.kind !== 'token' || transport === 'cookie') return undefined;
    try {
      const result = this.#http.sessions.verify(credentials.token);
      if (!(result instanceof Promise)) return this.#accept(result);
      return result.then(
        (settled) => this.#accept(settled),
        (error: unknown) => this.#replyToFailure(error),
      );
    } catch (error) {
      return this.#replyToFailure(error);
    }
  }

  #accept(result: VerifyResult<Data>): undefined {
    if (result.ok) this.#setSession(result.session);
    return undefined;
  }

  /** A browser sends the cookie by itself, so the source of the request has to be allowed unless it changes nothing. */
  #authenticateByCookie(): Reply | undefined | Promise<Reply | undefined> {
    const exchange = this.#exchange;
    const cookie = this.#readCookie();
    if (cookie === undefined || cookie.kind === 'none') return undefined;
    if (cookie.kind === 'duplicate') {
      this.#refusal = 'invalid_request';
      return undefined;
    }
    const isOpening = isUpgrade(exchange);
    if (
      (isOpening || !isSafeMethod(exchange.method)) &&
      !this.#isFromAllowedSource({ isStrict: isOpening })
    ) {
      this.#refusal = 'cross_site_request';
      return undefined;
    }
    try {
      const result = this.#http.sessions.present(cookie.value, { canRenew: canRenew(exchange) });
      if (!(result instanceof Promise)) return this.#acceptCookie(result);
      return result.then(
        (settled) => this.#acceptCookie(settled),
        (error: unknown) => this.#replyToFailure(error),
      );
    } catch (error) {
      return this.#replyToFailure(error);
    }
  }

  #acceptCookie(result: PresentResult<Data>): undefined {
    if (!result.ok && result.reason !== 'guest') {
      this.#isCookieDead = true;
      return undefined;
    }
    if (result.ok) {
      this.#hasCookieSession = true;
      this.#setSession(result.session);
    } else {
      this.#guest = result.guest;
    }
    const { renewal } = result;
    if (renewal !== undefined) {
      this.#setCookie({ ...renewal, session: result.ok ? result.session : result.guest });
    }
    return undefined;
  }

  /** Keeps caches from showing other users a response that depends on the cookie. */
  #noteUse(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    const { transport, onPublic } = this.#http;
    if (transport === 'bearer' || this.credentials.kind !== 'none') return;
    const exchange = this.#exchange;
    if (this.#session === null && this.#guest === undefined) exchange.vary('Cookie');
    else
      exchange.chooseCaching(
        createPrivateCaching({ isNavigation: isNavigation(exchange), onPublic }),
      );
  }

  #setSession(session: Session<Data> | null): void {
    // Handlers get this object, and `update` and `elevate` act on it: it must stay as it was verified.
    const isSafe = session === null || Object.isFrozen(session);
    this.#session = isSafe ? session : Object.freeze({ ...session });
    this.#exchange.onSession?.(this.#session);
  }

  #replyToFailure(error: unknown): Reply | undefined {
    if (!isSessError(error) || error.code !== 'store_unavailable') throw error;
    this.#hasStoreFailed = true;
    return this.#http.onStoreError === 'anonymous' ? undefined : problemReply('store_unavailable');
  }

  /** Waits for a parser that is reading the body. Returns `undefined` without one. */
  settleBody(): Promise<void> | undefined {
    return this.#exchange.settleBody?.();
  }

  /** Returns the reply that refuses the request, or `undefined` if it meets the requirements. */
  check(requirements: Requirements): Reply | undefined {
    const refusal = this.#refuse(requirements);
    const { redirectTo } = requirements;
    const isRedirected =
      refusal?.status === 401 && redirectTo !== undefined && isNavigation(this.#exchange);
    if (!isRedirected) return refusal;
    return redirectReply(signInLocation(redirectTo, this.#exchange));
  }

  #refuse({ maxAgeMs, acr, where }: Requirements): Reply | undefined {
    if (this.#refusal !== undefined) {
      // A page without scripts never asks the refresh route, which does the same. The next request has one cookie.
      if (this.#refusal === 'invalid_request') this.clearOtherCookies();
      return problemReply(this.#refusal);
    }
    if (!this.hasValidCredentials) return problemReply('invalid_request');
    const { session } = this;
    if (session === null) {
      return problemReply(this.credentials.kind === 'token' ? 'invalid_token' : 'session_required');
    }
    const { clock } = this.#http.sessions;
    const isOld = maxAgeMs !== undefined && clock.now() - session.authenticatedAt > maxAgeMs;
    const isOfClass = acr === undefined || (session.acr !== undefined && acr.includes(session.acr));
    if (isOld || !isOfClass) return stepUpReply({ maxAgeMs, acr });
    const allowed = where === undefined || assertBoolean(where(session as Session<never>));
    return allowed ? undefined : problemReply('access_denied');
  }

  async start(input: StartInput<Data>, how: StartOptions = {}): Promise<TokenResponse> {
    const { origins } = readOptions('start', how, START_OPTIONS, 'start: ');
    this.#assertAllowedSource(origins);
    const { logger, sessions } = this.#http;
    const subject: unknown = input?.subject;
    if (typeof subject !== 'string') {
      const repair = typeof subject === 'number' ? ' Write String(…).' : '';
      const message = `start: expected subject to be a string, got ${typeOf(subject)}.${repair}`;
      logger.error({}, message);
      throw new UsageError('invalid_argument', message);
    }
    const { keep, ...given } = input;
    const device = { ...deviceOf(this.#exchange), ...input.device };
    const options = { replaces: this.#presentedTokens(), ...(keep === undefined ? {} : { keep }) };
    const issued = await this.#reportData(
      sessions.create({ ...given, device } as StartInput<Data>, options),
    );
    await this.#revokeDuplicates();
    return this.deliver(issued);
  }

  async end(): Promise<void> {
    this.#assertAllowedSource();
    await this.revokePresented();
    this.#forget();
    this.clearCookie();
  }

  get guest(): RequestGuest<Data> {
    this.#noteUse();
    return Object.freeze({
      data: this.#guest?.data ?? (NOTHING as Partial<Data>),
      update: (patch: GuestPatch<Data>) => this.#reportData(this.#updateGuest(patch)),
    });
  }

  async #updateGuest(patch: GuestPatch<Data>): Promise<Guest<Data>> {
    if (this.#session !== null) {
      throw new UsageError(
        'invalid_argument',
        'guest.update: expected a request without a session, got one that is signed in. Use update().',
      );
    }
    const known = this.#guest ?? (this.#creation && (await this.#creation));
    if (known === undefined) {
      const data = typeof patch === 'function' ? patch(NOTHING as Partial<Data>) : patch;
      return this.#startGuest({ data });
    }
    const guest = await this.#http.sessions.updateGuest(known.sid, patch);
    if (guest === undefined) throw this.#endDuringRequest();
    this.#guest = guest;
    return guest;
  }

  async put<Name extends keyof RegisteredOnce & string>(
    name: Name,
    value: RegisteredOnce[Name],
    ttl?: Duration,
  ): Promise<void> {
    const given = { name, value, ...(ttl === undefined ? {} : { ttl }) } as OneTimeValue<Name>;
    const holder = this.#session ?? this.#guest ?? (this.#creation && (await this.#creation));
    if (holder === undefined) await this.#startGuest({ put: given as OneTimeValue });
    else if (!(await this.#http.sessions.put(holder.sid, given))) throw this.#endDuringRequest();
  }

  async take<Name extends keyof RegisteredOnce & string>(
    name: Name,
  ): Promise<RegisteredOnce[Name] | undefined> {
    this.#noteUse();
    const { sid } = this.#session ?? this.#guest ?? {};
    return sid === undefined ? undefined : this.#http.sessions.take(sid, name);
  }

  /** Creates a guest. Parallel writes of one request get one. */
  async #startGuest(given: GuestInput<Data>): Promise<Guest<Data>> {
    this.#creation = this.#createGuest(given);
    try {
      return await this.#creation;
    } finally {
      this.#creation = undefined;
    }
  }

  async #createGuest(given: GuestInput<Data>): Promise<Guest<Data>> {
    const { cookie, transport, sessions } = this.#http;
    // A late write would replace the cookie of a newer sign-in.
    if (this.#hasEnded) throw this.#endDuringRequest();
    if (sessions.kind !== 'stateless' && (transport === 'bearer' || isUpgrade(this.#exchange))) {
      throw new SessError(
        'not_supported',
        transport === 'bearer'
          ? "A request without a session has a guest only with a cookie transport. Set transport to 'cookie' or 'both'."
          : 'The response to an upgrade cannot set the cookie of a guest. Keep the value before it.',
      );
    }
    // A browser left out a strict cookie, also of a signed-in user, if another site caused the request.
    if (!this.#isFromAllowedSource({ isStrict: cookie?.isStrict === true })) throw crossSiteError();
    this.#assertNoLiveCookie();
    const { guest, ...issued } = await sessions.createGuest(given);
    this.#guest = guest;
    this.#issuedToken = issued.refreshToken;
    this.#setCookie({ ...issued, session: guest });
    return guest;
  }

  /** The cookie of a guest takes the place of the request's. That may be lost only if it was found dead. */
  #assertNoLiveCookie(): void {
    const kind = this.#readCookie()?.kind ?? 'none';
    if (kind === 'none' || this.#isCookieDead) return;
    if (this.#hasStoreFailed) {
      throw new StoreUnavailableError('The session of the request could not be read. Try again.');
    }
    // The next request has one cookie.
    if (kind === 'duplicate') this.clearOtherCookies();
    throw new SessError(
      'session_required',
      'The request has other credentials beside its cookie, or two cookies, so it gets no guest.',
    );
  }

  /** The request has neither a session nor a guest any more, and gets none unless the user signs in. */
  #forget(): void {
    this.#setSession(null);
    this.#guest = undefined;
    this.#hasEnded = true;
  }

  #endDuringRequest(): SessError {
    this.#forget();
    return new SessError('session_ended', 'The session ended during the request.');
  }

  async current(): Promise<Session<Data>> {
    const session = this.#assertSession();
    const { sessions } = this.#http;
    const isCurrent = this.#hasCookieSession || sessions.kind !== 'signed';
    return isCurrent ? session : this.#assertAlive(await sessions.get(session.sid));
  }

  async update(patch: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>> {
    const { sid } = this.#assertSession();
    return this.#assertAlive(await this.#reportData(this.#http.sessions.update(sid, patch)));
  }

  async list(): Promise<readonly (Session<Data> & { readonly isCurrent: boolean })[]> {
    const { sid, subject } = await this.current();
    const sessions = await this.#http.sessions.list(subject);
    return sessions.map((other) => ({ ...other, isCurrent: other.sid === sid }));
  }

  async revoke(sid: string): Promise<boolean> {
    this.#assertAllowedSource();
    const session = await this.current();
    const { sessions } = this.#http;
    if (sid === session.sid) {
      await this.end();
      return true;
    }
    const other = await sessions.get(sid);
    return other?.subject === session.subject && (await sessions.revoke(sid));
  }

  async endOthers(): Promise<number> {
    this.#assertAllowedSource();
    const { sid, subject } = await this.current();
    return this.#http.sessions.revokeAll(subject, { except: sid });
  }

  async endAll(): Promise<number> {
    this.#assertAllowedSource();
    const { subject } = await this.current();
    const count = await this.#http.sessions.revokeAll(subject);
    this.#forget();
    this.clearCookie();
    return count;
  }

  async elevate(given: ElevateInput<Data> = {}): Promise<TokenResponse> {
    const session = this.#assertSession();
    const issued = await this.#reportData(this.#http.sessions.elevate(session, given));
    this.#assertAlive(issued?.session);
    return this.deliver(issued as Issued<Data>);
  }

  /**
   * Sends new tokens: sets the cookie, and returns the body. A refresh token that equals the presented one is not
   * set again, because the client has it.
   */
  deliver(issued: Issued<Data>, presented?: string): TokenResponse {
    const { refreshTransport } = this.#http;
    this.#setSession(issued.session);
    this.#guest = undefined;
    this.#hasEnded = false;
    this.#issuedToken = issued.refreshToken;
    this.#exchange.setHeader('Cache-Control', 'no-store');
    if (issued.refreshToken !== presented) this.#setCookie(issued);
    return toTokenResponse(issued, refreshTransport === 'body');
  }

  #setCookie(
    given: Pick<Issued<Data>, 'refreshToken' | 'issuedAt' | 'persistent'> & {
      readonly session: { readonly expiresAt: number };
    },
  ): void {
    const { cookie } = this.#http;
    if (cookie === undefined) return;
    const isTransient = given.persistent === false;
    const maxAge = isTransient ? undefined : wholeSeconds(given.session.expiresAt - given.issuedAt);
    this.#exchange.setHeader('Cache-Control', 'no-store');
    this.clearOtherCookies();
    this.#exchange.setCookie(cookie.name, cookie.write(given.refreshToken, maxAge));
    this.#http.onCookie(this.#exchange);
  }

  /** Removes the refresh cookie from the client, if the transport has one. For sign-outs only. */
  clearCookie(): void {
    const { cookie } = this.#http;
    if (cookie === undefined) return;
    // A cache must not repeat the sign-out to other users.
    this.#exchange.setHeader('Cache-Control', 'no-store');
    this.clearOtherCookies();
    if (this.#http.transport !== 'bearer') this.#exchange.setCookie(cookie.name, cookie.empty());
    this.#exchange.setCookie(cookie.name, cookie.clear());
  }

  /** Removes other refresh cookies: those of earlier settings, and those that made this request ambiguous. */
  clearOtherCookies(): void {
    const { cookie } = this.#http;
    const exchange = this.#exchange;
    const isAmbiguous = this.#readCookie()?.kind === 'duplicate';
    const { host, path, requestedPath = path } = exchange;
    const request = isAmbiguous ? { host, path: requestedPath } : undefined;
    for (const [name, line] of cookie?.clearOthers(request) ?? []) exchange.setCookie(name, line);
  }

  #readCookie(): CookieValue | undefined {
    return this.#http.cookie?.read(this.#exchange.header('cookie'));
  }

  /** Ends the session of a genuine bearer token. Returns `false` if it ended no session. */
  async revokeBearer(): Promise<boolean> {
    const { credentials } = this;
    if (credentials.kind !== 'token') return false;
    return this.#http.sessions.end({ accessToken: credentials.token });
  }

  /** Ends the sessions of the genuine tokens in the request's headers, and of the one in its body. */
  async revokePresented(bodyToken?: string): Promise<void> {
    const tokens = this.#presentedTokens(bodyToken);
    if (tokens.refreshToken !== undefined || tokens.accessToken !== undefined) {
      await this.#http.sessions.end(tokens);
    }
    await this.#revokeDuplicates();
  }

  #presentedTokens(bodyToken?: string): PresentedTokens {
    const { credentials } = this;
    const cookie = this.#readCookie();
    return {
      refreshToken: this.#issuedToken ?? cookie?.value ?? bodyToken,
      accessToken: credentials.token,
    };
  }

  /** Ends the sessions of all cookies of the name, if there are several. */
  async #revokeDuplicates(): Promise<void> {
    const cookie = this.#readCookie();
    if (cookie?.kind !== 'duplicate') return;
    for (const value of cookie.values.slice(0, MAX_COOKIES)) {
      await this.#http.sessions.end({ refreshToken: value });
    }
  }

  /** Data that the schema refuses is a fault of the program at least as often as of the user, so it is logged. */
  async #reportData<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (isSessError(error, 'invalid_data') || isSessError(error, 'data_too_large')) {
        const { code, issues = [] } = error as Partial<InvalidDataError>;
        const paths = issues.map(({ path }) => path).join(', ');
        this.#http.logger.warn({ code, paths }, 'session data was refused');
      }
      throw error;
    }
  }

  /** True if the page that sent the request may use the cookie. Without a cookie, no page can forge a request. */
  get isAllowedSource(): boolean {
    return this.#isFromAllowedSource();
  }

  #isFromAllowedSource(how: Parameters<CsrfCheck>[1] = {}): boolean {
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

  #assertAllowedSource(trusts?: OriginCheck): void {
    if (this.#isFromAllowedSource({ trusts })) return;
    throw crossSiteError();
  }

  #assertSession(): Session<Data> {
    const { session } = this;
    if (session !== null) return session;
    throw new SessError(
      'session_required',
      'The request has no session. Guard the route with requireSession().',
    );
  }

  #assertAlive(session: Session<Data> | undefined): Session<Data> {
    if (session === undefined) throw this.#endDuringRequest();
    this.#setSession(session);
    return session;
  }

  #hasSecondToken(): boolean {
    const exchange = this.#exchange;
    const { query } = exchange;
    if (query !== '' && /(?:^|&)access_token=/.test(query)) return true;
    const type = exchange.header('content-type');
    if (type === undefined || !/^application\/x-www-form-urlencoded\b/i.test(type)) return false;
    const body = exchange.parsedBody();
    return typeof body === 'object' && body !== null && 'access_token' in body;
  }
}

Object.defineProperties(HttpRequest.prototype, {
  [CHECK]: {
    value(this: HttpRequest<never>, requirements: Requirements) {
      const settled = this.settleBody();
      if (settled === undefined) return this.check(requirements);
      return settled.then(() => this.check(requirements));
    },
  },
  [ENGINE]: {
    get(this: HttpRequest<never>) {
      return this.engine;
    },
  },
});

type GuestInput<Data extends object> = NonNullable<Parameters<Sessions<Data>['createGuest']>[0]>;

const NOTHING = Object.freeze({});

function crossSiteError(): SessError {
  return new SessError(
    'cross_site_request',
    'A page of another site sent a request that changes a session.',
  );
}

/** Names the type of a value, never the value: it may be personal data. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function deviceOf(exchange: Exchange): Device {
  const userAgent = exchange.header('user-agent');
  // An IPv4 client of a dual-stack listener has a mapped address (RFC 4291, section 2.5.5.2).
  const ip = exchange.ip?.replace(/^::ffff:(?=\d+\.)/i, '');
  return { ...(userAgent === undefined ? {} : { userAgent }), ...(ip === undefined ? {} : { ip }) };
}
