import type { Sessions } from '../engine.js';
import type { Issued, Session } from '../types.js';
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

/** The operations for a key: what they issue is bound to it. */
export type ProvenOperations = Pick<Sessions<object>, 'create' | 'elevate' | 'refresh'>;

/** What a middleware asks for one engine. */
export interface BoundPort {
  /** Returns the reply of the route. */
  handle?(request: BoundRequest): Promise<Reply>;
  /** Called when a sign-in or a re-authentication has issued its tokens. */
  onIssued?(request: BoundRequest, issued: Issued<object>): void;
  /** Returns the reply to a request without a session, if it is another one than usual. */
  refuse(exchange: Exchange): Reply | undefined;
  /** Returns the session of an access token that came as `Authorization: DPoP`, or the reply that guards refuse it by. */
  authenticate?(exchange: Exchange, token: string): Promise<Session<object> | Reply>;
  /**
   * Returns the operations of the engine for the key that the client proves, at a sign-in or a re-authentication or with
   * a refresh token; `undefined` if it proves none and need not; or a refusal.
   */
  prove?(exchange: Exchange, refreshToken?: string): Promise<ProvenOperations | Reply | undefined>;
  /** Returns the reply to a refresh token that is bound to a key which the client has not proved. */
  refuseRefresh?(): Reply;
}
