import type { Issued } from '../types.js';
import type { CookieValue, RefreshCookie } from './cookie.js';
import type { Exchange, Reply } from './exchange.js';

/** The option `bound` of a middleware: binds sessions to a key of the client. Made by `dbsc` of `@sess/bound`. */
export interface BoundSessions {
  /** A session route for proofs, below the base path. It is mounted with every choice of `routes`. */
  readonly route?: {
    readonly method: 'POST';
    readonly below: string;
    readonly summary: string;
    readonly result: 'binding';
    handle(context: {
      readonly http: { readonly binding: BoundPort | undefined };
      readonly request: BoundRequest;
    }): Promise<Reply>;
  };
  /** Called by each middleware. @throws {UsageError} `invalid_option` if the transport or the cookie does not fit */
  assertFor(settings: BoundSettings): void;
  /** Called once for each engine of a middleware. @throws {UsageError} `invalid_option` if the engine has no store */
  open(settings: BoundSettings, sessions: object): BoundPort;
}

/** The settings of a middleware. */
export interface BoundSettings {
  readonly transport: 'bearer' | 'cookie' | 'both';
  readonly basePath: string;
  readonly cookie: RefreshCookie | undefined;
}

/** One request. */
export interface BoundRequest {
  readonly exchange: Exchange;
  readonly cookie: {
    read(): CookieValue | undefined;
    set(given: Pick<Issued<object>, 'refreshToken' | 'issuedAt'> & BoundCookie): void;
  };
}

interface BoundCookie {
  readonly session: { readonly expiresAt: number };
}

/** What a middleware asks for one engine. */
export interface BoundPort {
  /** Returns the reply of the route. */
  handle(request: BoundRequest): Promise<Reply>;
  /** Called when a sign-in or a re-authentication has set its cookie. */
  onIssued(request: BoundRequest, issued: Issued<object>): void;
  /** True if a request has no session because the client could not prove its key now. */
  isHindered(exchange: Exchange): boolean;
}
