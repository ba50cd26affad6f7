import type { Sessions } from '../engine.js';
import type { Issued, PresentResult, Session } from '../types.js';
import type { BearerCredentials } from './bearer.js';
import type { CookieValue, RefreshCookie } from './cookie.js';
import type { Exchange, Reply } from './exchange.js';
import type { TokenResponse } from './request-session.js';

/** The option `bound` of a middleware: binds sessions to a key of the client. Made by `dbsc` or `dpop` of `@sess/bound`. */
export interface BoundSessions {
  /** Session routes for proofs, by their paths below the base path. They are mounted with every choice of `routes`. */
  readonly routes?: Readonly<Record<string, BoundRoute>>;
  /** Called by each middleware. @throws {UsageError} `invalid_option` if the transport or the cookie does not fit */
  assertFor(settings: BoundSettings): void;
  /**
   * Called once for each engine of a middleware. Returns the class of its requests, which extends the given one.
   *
   * @throws {UsageError} `invalid_option` if the engine has no store
   */
  open(settings: BoundSettings, sessions: object, Request: RequestClass): RequestClass;
}

/** A session route for proofs. */
export interface BoundRoute {
  readonly method: 'POST';
  readonly summary: string;
  readonly result: 'binding';
  handle<Data extends object>(context: { readonly request: BoundRequest<Data> }): Promise<Reply>;
}

/** The settings of a middleware. */
export interface BoundSettings {
  readonly transport: 'bearer' | 'cookie' | 'both';
  readonly basePath: string;
  readonly cookie: RefreshCookie | undefined;
}

/** Creates what holds the credentials and the session of one request. */
export type RequestClass = new <Data extends object>(
  http: never,
  exchange: Exchange,
) => BoundRequest<Data>;

/** The operations of an engine that issue tokens. */
export type TokenOperations<Data extends object> = Pick<
  Sessions<Data>,
  'create' | 'elevate' | 'refresh'
>;

/** One request, as far as a class that extends it asks it or changes what it does. */
export interface BoundRequest<Data extends object> {
  readonly http: BoundSettings;
  readonly exchange: Exchange;
  readonly credentials: BearerCredentials;
  readonly cookie: {
    read(): CookieValue | undefined;
    set(given: Pick<Issued<object>, 'refreshToken' | 'issuedAt'> & BoundCookie): void;
    clear(): void;
  };
  /** What a sign-in, a re-authentication and a refresh call. They may throw a `SessError` with a `reply`. */
  readonly operations: TokenOperations<Data>;
  /** Verifies the credentials. Returns a reply only if the store fails. */
  authenticate(): Reply | undefined | Promise<Reply | undefined>;
  setSession(session: Session<Data> | null): void;
  /** Takes the result for the cookie. */
  acceptCookie(result: PresentResult<Data>): undefined;
  /** Asks an engine, and takes its result. Returns a reply only if the store fails and does not count as anonymous. */
  settle<Result>(
    ask: () => Result | Promise<Result>,
    take: (result: Result) => void,
  ): Reply | undefined | Promise<Reply | undefined>;
  /** Returns the reply of a guard to a request without a session. */
  refuse(): Reply;
  /** Sends new tokens. `presented`: the refresh token that they were exchanged for; none at a sign-in. */
  deliver(issued: Issued<Data>, presented?: string): TokenResponse;
}

interface BoundCookie {
  readonly session: { readonly expiresAt: number };
}
