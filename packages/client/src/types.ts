/** A successful response with tokens (RFC 6749, section 5.1). */
export interface TokenResponse {
  /** For the `Authorization: Bearer` header. */
  readonly access_token: string;
  /** Seconds. Without it the token is used until the API refuses it. */
  readonly expires_in: number;
  /** Present with `refreshTransport: 'body'` only; kept in the `storage` of the client. */
  readonly refresh_token?: string;
}

/** A change that listeners of `client.subscribe` receive, from this tab or another one. */
export interface SessionChange {
  /**
   * `signed-in`: another session than before, also where the user changed without the client. `renewed`: a new token
   * of the same session. `signed-out`: the session ended, or no user is signed in at the first look.
   */
  readonly type: 'signed-in' | 'renewed' | 'signed-out';
  /** The session that the change is about; `undefined` where it is not known. */
  readonly sid: string | undefined;
  /** The user of that session. Known with JWT access tokens only. */
  readonly subject: string | undefined;
}

/** A message between tabs. `order` grows with every event and does not depend on a correct clock. */
export type Message = { readonly order: number } & (
  | {
      readonly kind: 'token';
      /** Wall-clock time of the request that returned the tokens. */
      readonly at: number;
      /** Without the refresh token. */
      readonly tokens: TokenResponse;
      readonly isSignIn: boolean;
    }
  | { readonly kind: 'signed-out'; readonly sid: string | undefined }
  /** Renewals wait from one moment to another, after a response with this status. */
  | {
      readonly kind: 'paused';
      readonly from: number;
      readonly until: number;
      readonly status: number;
    }
  /** This tab waits for the renewal lock and has received the result of a renewal. */
  | { readonly kind: 'received' }
  /** A new tab asks the others for their `order`. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'order' }
);

/** The other tabs of the same origin. */
export interface Tabs {
  post(message: Message): void;
  /** Runs work while no other tab runs its own, as far as the browser offers a lock. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Returns the number of tabs that wait for the lock. */
  countWaiting(): Promise<number>;
  close(): void;
}

/** The parts of the platform that the client uses. Each has a default; tests and other platforms replace some. */
export interface Platform {
  /** Default: the global `fetch` at the time the client is created. */
  readonly fetch: typeof fetch;
  /** Returns the wall-clock time in epoch milliseconds. It may jump. */
  readonly now: () => number;
  /** Calls back after the given milliseconds. Returns a function that cancels the timer. */
  readonly startTimer: (milliseconds: number, callback: () => void) => () => void;
  /** Opens the channel to other tabs. `undefined` for no other tabs, the default in server processes. */
  readonly openTabs?: ((name: string, listener: (message: Message) => void) => Tabs) | undefined;
}

/** The place where a client without cookies keeps its refresh token: secure storage of a device, never of a page. */
export interface RefreshTokenStorage {
  /** Returns the stored token; nothing if there is none. */
  get(): string | undefined | null | Promise<string | undefined | null>;
  /** Replaces the stored token. The client waits for it before it uses the new access token. */
  set(refreshToken: string): void | Promise<void>;
  /** Deletes the token, at a sign-out and after a refusal. */
  remove(): void | Promise<void>;
}

/** Wraps the `fetch` of a client, for requests to the origins of the API. */
export type ClientProof = (
  given: Pick<Platform, 'fetch' | 'now'> & { readonly origins: ReadonlySet<string> },
) => typeof fetch;

/** Options of `createClient`. */
export interface ClientOptions {
  /** The address of the API, as in `'https://api.example.com'`. Default: the origin of the page. */
  readonly baseUrl?: string;
  /** The path of the session routes below `baseUrl`. Default: `'/session'`. */
  readonly basePath?: string;
  /**
   * More origins that receive the access token, as in `['https://files.example.com']`. Default: none, so that only the
   * origin of `baseUrl` receives it.
   */
  readonly origins?: readonly string[];
  /**
   * For React Native, Node and other platforms without a cookie jar; the server needs `refreshTransport: 'body'`.
   * Default: none; the refresh token is in a cookie that scripts cannot read.
   */
  readonly storage?: RefreshTokenStorage;
  /**
   * Proves a key with each request to the API: `dpopKey()` of `@sess/client/dpop`. Default: none; a copied
   * token works.
   */
  readonly proof?: ClientProof;
  /** Parts of the platform to replace. Default: those of the browser. */
  readonly environment?: Partial<Platform>;
}

/** A session as the server lists it. Times are epoch milliseconds. */
export interface ListedSession {
  /** The public id, for `revoke`. */
  readonly sid: string;
  /** The user. */
  readonly subject: string;
  /** What the application keeps with the session. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What the client reported at its sign-in: do not rely on it. */
  readonly device: { readonly userAgent?: string; readonly ip?: string; readonly label?: string };
  /** When the user signed in. */
  readonly createdAt: number;
  /** When the user last proved who they are. */
  readonly authenticatedAt: number;
  /** When the session was last refreshed. */
  readonly lastUsedAt: number;
  /** When it ends if it is not used. */
  readonly expiresAt: number;
  /** True for the session of this client. */
  readonly current: boolean;
}

/** Keeps a user signed in. The access token is kept in memory only. */
export interface SessionClient {
  /**
   * `fetch` with the access token, for requests to the origin of `baseUrl` and to `origins`. Other requests, and those
   * with an `Authorization` header, pass unchanged. A token close to its end is renewed first. A request that is
   * refused with `invalid_token` is repeated once with a renewed token, unless its body is a stream or that of a
   * `Request`. Where no token can be had, the request is sent without one or with the old one. Relative addresses
   * belong to the page, as with `fetch`, and to the API where there is no page.
   *
   * A request belongs to the session under which it was made. After a change of user it is never sent.
   * @throws {SessionClientError} `session_changed` for a request that was still waiting at the change; `fetch` errors
   */
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  /** True while a user is signed in; `undefined` until the first request or `refresh` shows it. */
  readonly signedIn: boolean | undefined;
  /** The id of the session, for cache keys; `undefined` without one, or where the tokens do not carry it. */
  readonly sid: string | undefined;
  /** The user. Known with JWT access tokens only. */
  readonly subject: string | undefined;
  /** Milliseconds until the access token expires; 0 without one. */
  readonly tokenLife: number;
  /**
   * Returns an access token for sockets, uploads and other libraries, renewed first if necessary; `undefined` when no
   * user is signed in.
   * @throws {SessionClientError} `session_changed` after a change of user, or as `refresh`
   */
  getToken(): Promise<string | undefined>;
  /** Calls back after every change, in every tab. Returns a function that stops it. */
  subscribe(listener: (change: SessionChange) => void): () => void;
  /**
   * Takes the response of a sign-in or a re-authentication: `client.start(await response.json())`.
   * @throws {TypeError} for a value without an access token; in a server process, for a second user in one client
   */
  start(tokens: TokenResponse): Promise<void>;
  /**
   * Renews the token now, once for all tabs. Returns true if a user is signed in.
   * @throws {SessionClientError} if the server refused or did not respond, or an error of `fetch`; the user stays
   * signed in
   */
  refresh(): Promise<boolean>;
  /**
   * Ends this session at the server and forgets it in every tab. With `localOnly` it is only forgotten: the session
   * and its cookie live on, and the next page load signs the user in again.
   * @throws {SessionClientError} or an error of `fetch`; the session may still be alive then
   */
  logout(options?: { readonly localOnly?: boolean }): Promise<void>;
  /** Ends all sessions of the user, this one included. Returns their number. @throws as `logout` */
  logoutEverywhere(): Promise<number>;
  /** The sessions of the user; the server needs `routes: 'all'`. Each call throws as `logout` does. */
  readonly sessions: {
    list(): Promise<readonly ListedSession[]>;
    /** Ends one session. Returns false if there was none. */
    revoke(sid: string): Promise<boolean>;
    /** Ends all sessions but this one. Returns their number. */
    revokeOthers(): Promise<number>;
  };
  /** Closes the channel to other tabs. Everything else continues to work. */
  close(): void;
}
