import { SessError, StoreUnavailableError, UsageError } from '../errors.js';
import type {
  CreateInput,
  Device,
  Issued,
  RegisteredData,
  Session,
  VerifyResult,
} from '../types.js';
import { type BearerCredentials, readBearer } from './bearer.js';
import { CSRF_VARY } from './csrf.js';
import type { Exchange, Reply } from './exchange.js';
import type { Guard } from './guard.js';
import { problemReply } from './problem.js';
import type { Protocol } from './protocol.js';
import { type TokenResponse, toTokenResponse, wholeSeconds } from './token-response.js';

/** What a request can do to sessions: `req.sessions`, `request.sessions`, `c.var.sessions`. */
export interface RequestSession<Data extends object = RegisteredData> {
  /**
   * Signs in: starts a session, sets the refresh cookie and answers what the client is to be sent. A
   * session that the request already carries is ended. The device is filled in from the request.
   * @throws SessError `cross_site_request` for a request that another site's page sent
   */
  start(input: CreateInput<Data>): Promise<TokenResponse>;
  /** Signs out: ends the session that the request carries, and clears the cookie. */
  end(): Promise<void>;
  /**
   * The session as it is now. `session` is that already where tokens are looked up; where they are signed and taken
   * at their word, it is as old as the token, has no `device`, and this asks the store.
   * @throws SessError as `update`
   */
  current(): Promise<Session<Data>>;
  /**
   * Merges into the session's data, or replaces it by what the function returns.
   * @throws SessError `session_ended` (401) when the session ended meanwhile, `session_required` without one
   */
  update(patch: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>>;
  /**
   * Call it when the user has just proved again who they are: new tokens, and the earlier ones are dead.
   * @throws SessError as `update`
   */
  elevate(): Promise<TokenResponse>;
}

/** One request's dealings with its session. Adapters make one a request and show it as `sessions`. */
export class SessionRequest<Data extends object = RegisteredData> implements RequestSession<Data> {
  readonly #protocol: Protocol<Data>;
  readonly #exchange: Exchange;
  #credentials: BearerCredentials | undefined;
  #session: Session<Data> | null = null;

  constructor(protocol: Protocol<Data>, exchange: Exchange) {
    this.#protocol = protocol;
    this.#exchange = exchange;
  }

  /** The session that the request's access token belongs to, or `null`. */
  get session(): Session<Data> | null {
    return this.#session;
  }

  get credentials(): BearerCredentials {
    this.#credentials ??= readBearer(this.#exchange.authorization());
    return this.#credentials;
  }

  /** Whether there is no bearer token, or one in the right form and in one place (RFC 6750, section 2). */
  get hasWellSentToken(): boolean {
    const { kind } = this.credentials;
    return kind === 'none' || (kind === 'token' && !this.#hasSecondToken());
  }

  /**
   * Looks the access token up, if there is one, without a promise where none is needed. Answers a reply only when the
   * store cannot be asked.
   */
  authenticate(): Reply | undefined | Promise<Reply | undefined> {
    const { credentials } = this;
    if (credentials.kind !== 'token') return undefined;
    try {
      const answer = this.#protocol.verify(credentials.token);
      if (!(answer instanceof Promise)) return this.#take(answer);
      return answer.then(
        (result) => this.#take(result),
        (error: unknown) => this.#answerFault(error),
      );
    } catch (error) {
      return this.#answerFault(error);
    }
  }

  #take(result: VerifyResult<Data>): undefined {
    if (result.ok) this.#session = result.session;
    return undefined;
  }

  #answerFault(error: unknown): Reply | undefined {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return this.#protocol.onStoreError === 'anonymous'
      ? undefined
      : problemReply('store_unavailable');
  }

  /** What stands between the request and a guarded route; `undefined` when nothing does. */
  guard(guard: Guard<Data>): Reply | undefined {
    const { credentials } = this;
    if (!this.hasWellSentToken) return problemReply('invalid_request');
    const session = this.#session;
    if (session === null) {
      return problemReply(credentials.kind === 'none' ? 'session_required' : 'invalid_token');
    }
    const { maxAge, where } = guard;
    if (
      maxAge !== undefined &&
      this.#protocol.sessions.clock.now() - session.authenticatedAt > maxAge
    ) {
      const seconds = wholeSeconds(maxAge);
      return problemReply('insufficient_user_authentication', {
        challenge: `Bearer error="insufficient_user_authentication", max_age=${seconds}`,
        members: { max_age: seconds },
      });
    }
    return where === undefined || decide(where(session))
      ? undefined
      : problemReply('access_denied');
  }

  async start(input: CreateInput<Data>): Promise<TokenResponse> {
    const exchange = this.#exchange;
    this.#assertAllowedSource();
    const device = { ...deviceOf(exchange), ...input?.device };
    const issued = await this.#protocol.sessions.create({ ...input, device }, () =>
      this.#endReplaced(),
    );
    return this.deliver(issued);
  }

  async end(): Promise<void> {
    const { cookie } = this.#protocol;
    this.#assertAllowedSource();
    await this.endCarried();
    this.#session = null;
    if (cookie !== undefined) this.#exchange.setCookie(cookie.name, cookie.clear());
  }

  async current(): Promise<Session<Data>> {
    const session = this.#assertSession();
    const { sessions } = this.#protocol;
    // What a store answered a moment ago needs no second look; what has no store has no other view.
    if (sessions.traits.sessionFrom === 'store') return session;
    if (sessions.traits.refreshedBy === 'access-token') return session;
    this.#session = (await sessions.get(session.sid)) ?? null;
    if (this.#session === null) throw ended();
    return this.#session;
  }

  async update(patch: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>> {
    const { sid } = this.#assertSession();
    this.#session = (await this.#protocol.sessions.update(sid, patch)) ?? null;
    if (this.#session === null) throw ended();
    return this.#session;
  }

  async elevate(): Promise<TokenResponse> {
    const issued = await this.#protocol.sessions.elevate(this.#assertSession());
    if (issued !== undefined) return this.deliver(issued);
    this.#session = null;
    throw ended();
  }

  /**
   * Puts new tokens where the client will find them. A refresh token that is the one just presented is not
   * set again: the cookie jar has it.
   */
  deliver(issued: Issued<Data>, presented?: string): TokenResponse {
    const { cookie, transport } = this.#protocol;
    this.#session = issued.session;
    this.#exchange.setHeader('Cache-Control', 'no-store');
    if (cookie !== undefined && issued.refreshToken !== presented) {
      const maxAge = wholeSeconds(issued.session.expiresAt - issued.issuedAt);
      this.#exchange.setCookie(cookie.name, cookie.write(issued.refreshToken, maxAge));
    }
    return toTokenResponse(issued, transport === 'body');
  }

  /** Ends the sessions of the genuine tokens that the request carries, and of one that its body does. */
  async endCarried(bodyToken?: string): Promise<void> {
    const { sessions, cookie } = this.#protocol;
    const { credentials } = this;
    const carried = cookie?.read(this.#exchange.header('cookie'));
    const refreshToken = carried?.kind === 'value' ? carried.value : bodyToken;
    const accessToken = credentials.kind === 'token' ? credentials.token : undefined;
    if (refreshToken !== undefined || accessToken !== undefined) {
      await sessions.end({ refreshToken, accessToken });
    }
  }

  /** A sign-in goes on although what it replaces can only run out. */
  async #endReplaced(): Promise<void> {
    try {
      await this.endCarried();
    } catch (error) {
      if (!(error instanceof SessError && error.code === 'not_revocable')) throw error;
    }
  }

  /** The cookie rides along with whatever a browser sends: another site's page must not act on it. */
  #assertAllowedSource(): void {
    this.#exchange.vary(CSRF_VARY);
    if (this.#protocol.isAllowedSource(this.#exchange)) return;
    throw new SessError(
      'cross_site_request',
      'A page of another site tried to act on a session here.',
    );
  }

  #assertSession(): Session<Data> {
    if (this.#session !== null) return this.#session;
    throw new SessError(
      'session_required',
      'The request has no session. Guard the route with requireSession().',
    );
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

/** Only `true` opens a route: a promise, for one, is truthy whatever comes of it. */
function decide(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw new UsageError(
    'invalid_argument',
    'requireSession: where must answer true or false, and at once.',
  );
}

function ended(): SessError {
  return new SessError('session_ended', 'The session ended while the request was being served.');
}

function deviceOf(exchange: Exchange): Device {
  const userAgent = exchange.header('user-agent');
  // An IPv4 client of a dual-stack listener (RFC 4291, section 2.5.5.2) is shown by the address it knows itself by.
  const ip = exchange.ip?.replace(/^::ffff:(?=\d+\.)/i, '');
  return { ...(userAgent === undefined ? {} : { userAgent }), ...(ip === undefined ? {} : { ip }) };
}
