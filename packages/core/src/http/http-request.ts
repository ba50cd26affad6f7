import type { PresentedTokens } from '../engine.js';
import { isSessError, SessError } from '../errors.js';
import type { Guest, Issued, IssuedGuest, PresentResult, Session } from '../types.js';
import type { OldCredential } from './adoption.js';
import { type BearerCredentials, hasSecondToken, readBearer } from './bearer.js';
import type { BoundRequest, TokenOperations } from './bound.js';
import type { CookieValue } from './cookie.js';
import { isSafeMethod } from './csrf.js';
import { createPrivateCaching, type Exchange, type Reply } from './exchange.js';
import type { RequestFace } from './face.js';
import { canRenew, isNavigation, isUpgrade } from './fetch-metadata.js';
import type { HttpContext } from './options.js';
import { problemReply } from './problem.js';
import { RequestCookie } from './request-cookie.js';
import { type TokenResponse, toTokenResponse } from './request-session.js';

/**
 * The credentials of one request, the session or guest that they belong to, and the tokens that the response sends. It
 * holds secrets, so applications see it only through `RequestSession`.
 */
export class HttpRequest<Data extends object> implements RequestFace<Data>, BoundRequest<Data> {
  readonly http: HttpContext<Data>;
  readonly exchange: Exchange;
  readonly cookie: RequestCookie;
  guest: Guest<Data> | undefined;
  guestSid: string | undefined;
  /** Why the request's cookie does not count. */
  refusal: 'invalid_request' | 'cross_site_request' | undefined;
  /** The request's cookie was presented, and is not that of a live session or guest. */
  isCookieDead = false;
  hasStoreFailed = false;
  /** The session or the guest ended during the request. */
  hasEnded = false;
  #session: Session<Data> | null = null;
  #credentials: BearerCredentials | undefined;
  #hasCookieSession = false;
  /** Whether something has used the session or the guest, so that the response depends on it. */
  #isUsed = false;
  /** The refresh token of a session or a guest that was started during the request. */
  #issuedToken: string | undefined;

  constructor(http: HttpContext<Data>, exchange: Exchange) {
    this.http = http;
    this.exchange = exchange;
    this.cookie = new RequestCookie(http, exchange);
  }

  get session(): Session<Data> | null {
    return this.#session;
  }

  /** What the `Authorization` lines hold. */
  get credentials(): BearerCredentials {
    this.#credentials ??= readBearer(this.exchange.authorization());
    return this.#credentials;
  }

  /** True if there is no access token, or one, well-formed and in one place (RFC 6750, section 2). */
  get hasValidCredentials(): boolean {
    const { kind, token } = this.credentials;
    return token === undefined ? kind !== 'invalid' : !hasSecondToken(this.exchange);
  }

  /** Verifies the access token or the cookie, if there is one. Returns a reply only if the store fails: see `refusal`. */
  authenticate(): Reply | undefined | Promise<Reply | undefined> {
    const { credentials } = this;
    const { transport } = this.http;
    if (credentials.kind === 'none' && transport !== 'bearer') return this.#authenticateByCookie();
    if (credentials.kind !== 'token' || transport === 'cookie') return undefined;
    return this.settle(
      () => this.http.sessions.verify(credentials.token),
      (result) => {
        if (result.ok) this.setSession(result.session);
      },
    );
  }

  /** Asks the engine, and takes its result. Returns a reply only if the store fails and does not count as anonymous. */
  settle<Result>(
    ask: () => Result | Promise<Result>,
    take: (result: Result) => void,
  ): Reply | undefined | Promise<Reply | undefined> {
    try {
      const result = ask();
      if (!(result instanceof Promise)) return void take(result);
      return result.then(take, (error: unknown) =>
        this.#replyToFailure(error),
      ) as Promise<undefined>;
    } catch (error) {
      return this.#replyToFailure(error);
    }
  }

  #replyToFailure(error: unknown): Reply | undefined {
    if (!isSessError(error, 'store_unavailable')) throw error;
    this.hasStoreFailed = true;
    return this.http.onStoreError === 'anonymous' ? undefined : problemReply('store_unavailable');
  }

  /** What a sign-in, a re-authentication and a refresh call. */
  get operations(): TokenOperations<Data> {
    return this.http.sessions;
  }

  /** A browser sends the cookie by itself, so the source of the request has to be allowed unless it changes nothing. */
  #authenticateByCookie(): Reply | undefined | Promise<Reply | undefined> {
    const { exchange } = this;
    const cookie = this.cookie.read();
    if (cookie === undefined) return undefined;
    const old = this.openOld();
    if (cookie.kind === 'none' && old === undefined) return undefined;
    if (cookie.kind === 'duplicate') {
      this.refusal = 'invalid_request';
      return undefined;
    }
    const isOpening = isUpgrade(exchange);
    if (
      (isOpening || !isSafeMethod(exchange.method)) &&
      !this.cookie.isAllowed({ isStrict: isOpening })
    ) {
      this.refusal = 'cross_site_request';
      return undefined;
    }
    if (old !== undefined)
      return this.settle(
        () => this.#takeOld(old, cookie),
        () => {},
      );
    if (cookie.kind === 'none') return undefined;
    return this.settle(
      () => this.http.sessions.present(cookie.value, { canRenew: canRenew(exchange) }),
      (result) => this.acceptCookie(result),
    );
  }

  /** A credential of another system counts if the cookie is not that of a session. */
  async #takeOld(old: OldCredential<Data>, { value }: CookieValue): Promise<void> {
    const how = { canRenew: canRenew(this.exchange) };
    const own = value === undefined ? undefined : await this.http.sessions.present(value, how);
    const result = own?.ok ? own : ((await old.take(how)) ?? own);
    if (result !== undefined) this.acceptCookie(result);
    if (own?.ok) await old.retire();
  }

  acceptCookie(result: PresentResult<Data>): undefined {
    if (!result.ok && result.reason !== 'guest') {
      this.isCookieDead = true;
      return undefined;
    }
    if (result.ok) {
      this.#hasCookieSession = true;
      this.setSession(result.session);
    } else {
      this.guest = result.guest;
    }
    const { renewal } = result;
    if (renewal !== undefined) {
      this.cookie.set({ ...renewal, session: result.ok ? result.session : result.guest });
    }
    return undefined;
  }

  /** Keeps caches from showing other users a response that depends on the cookie. Called when the session is read. */
  noteUse(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    const { transport, onPublic } = this.http;
    if (transport === 'bearer' || this.credentials.kind !== 'none') return;
    const { exchange } = this;
    if (this.#session === null && this.guest === undefined) exchange.vary('Cookie');
    else
      exchange.chooseCaching(
        createPrivateCaching({ isNavigation: isNavigation(exchange), onPublic }),
      );
  }

  setSession(session: Session<Data> | null): void {
    // Handlers get this object, and `update` and `elevate` act on it: it must stay as it was verified.
    const isSafe = session === null || Object.isFrozen(session);
    this.#session = isSafe ? session : Object.freeze({ ...session });
    this.exchange.onSession?.(this.#session);
  }

  /** Returns the reply of a guard to a request without a session. */
  refuse(): Reply {
    return problemReply(this.credentials.kind === 'token' ? 'invalid_token' : 'session_required');
  }

  /** Waits for a parser that is reading the body. Returns `undefined` without one. */
  settleBody(): Promise<void> | undefined {
    return this.exchange.settleBody?.();
  }

  /** The request has neither a session nor a guest any more, and gets none unless the user signs in. */
  forget(): void {
    this.setSession(null);
    this.guest = undefined;
    this.hasEnded = true;
  }

  get holder(): Session<Data> | Guest<Data> | undefined {
    return this.#session ?? this.guest;
  }

  reopen(): void {
    this.hasEnded = false;
    this.isCookieDead = true;
    this.guestSid = undefined;
  }

  /** Forgets the session, and returns the error for it. */
  endDuringRequest(): SessError {
    this.forget();
    return new SessError('session_ended', 'The session ended during the request.');
  }

  /** @throws {SessError} `session_required` */
  assertSession(): Session<Data> {
    this.noteUse();
    if (this.#session !== null) return this.#session;
    throw new SessError(
      'session_required',
      'The request has no session. Guard the route with requireSession().',
    );
  }

  /** Takes the session as the store has it now. @throws {SessError} `session_ended` if it has none */
  assertAlive(session: Session<Data> | undefined): Session<Data> {
    if (session === undefined) throw this.endDuringRequest();
    this.setSession(session);
    return session;
  }

  /** Returns the session as the store has it now. @throws {SessError} `session_required`, `session_ended` */
  async current(): Promise<Session<Data>> {
    const session = this.assertSession();
    const { sessions } = this.http;
    const isCurrent = this.#hasCookieSession || sessions.kind !== 'signed';
    return isCurrent ? session : this.assertAlive(await sessions.get(session.sid));
  }

  /**
   * Sends new tokens: sets the cookie, and returns the body. A refresh token that equals the presented one is not
   * set again, because the client has it.
   */
  deliver(issued: Issued<Data>, presented?: string): TokenResponse {
    this.setSession(issued.session);
    this.guest = undefined;
    this.hasEnded = false;
    this.#issuedToken = issued.refreshToken;
    this.exchange.setHeader('Cache-Control', 'no-store');
    if (issued.refreshToken !== presented) this.cookie.set(issued);
    return toTokenResponse(issued, this.http.refreshTransport === 'body');
  }

  /** Takes a guest that was created during the request, and sets its cookie. */
  takeGuest(guest: Guest<Data>, issued: Omit<IssuedGuest<Data>, 'guest'>): void {
    this.guest = guest;
    this.#issuedToken = issued.refreshToken;
    this.cookie.set({ ...issued, session: guest });
  }

  /** Returns the credential of another system, if the middleware takes over its sessions. */
  openOld(bodyToken?: string): OldCredential<Data> | undefined {
    const { adopt, cookie } = this.http;
    return adopt?.open(this.exchange, cookie === undefined ? bodyToken : undefined);
  }

  presentedTokens(bodyToken?: string): PresentedTokens {
    return {
      refreshToken: this.#issuedToken ?? this.cookie.read()?.value ?? bodyToken,
      accessToken: this.credentials.token,
    };
  }
}
