/** A successful answer with tokens (RFC 6749, section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
}

/** What one tab tells the others. `at` is when it was asked for: what was asked for earlier does not count any more. */
export type Message =
  /** New tokens, the refresh token not among them, and whether somebody has signed in for them. */
  | {
      readonly kind: 'token';
      readonly at: number;
      readonly tokens: TokenResponse;
      readonly isSignIn: boolean;
    }
  | { readonly kind: 'signed-out'; readonly at: number }
  /** The token of another tab has arrived here, while this one waited to renew its own. */
  | { readonly kind: 'received' };

/** The other tabs of the same site. */
export interface Tabs {
  post(message: Message): void;
  /** Runs work while no other tab does, as far as that can be had. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
  /** How many tabs wait to be the one that works. */
  countWaiting(): Promise<number>;
  close(): void;
}

/** What the client takes from where it runs. Every part has a default, and a test or another platform its own. */
export interface Platform {
  readonly fetch: typeof fetch;
  /** Milliseconds, from a moment that all tabs share, that go on while the device sleeps. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Opens the way to other tabs; `undefined` where there are none. */
  readonly openTabs?: ((name: string, listener: (message: Message) => void) => Tabs) | undefined;
}

/** Where a client without cookies keeps its refresh token: the device's secure storage, never a page's. */
export interface RefreshTokenStorage {
  get(): string | undefined | null | Promise<string | undefined | null>;
  set(refreshToken: string): void | Promise<void>;
  remove(): void | Promise<void>;
}

/** Options of `createClient`. */
export interface ClientOptions {
  /** The API's address, as in `'https://api.example.com'`. Default: the page's own origin. */
  readonly baseUrl?: string;
  /** Where its session routes are. Default: `'/session'`. */
  readonly basePath?: string;
  /**
   * For React Native, Node and other places without a cookie jar, with `refreshTransport: 'body'` at the server. Default:
   * none; the refresh token is in a cookie that no script can read.
   */
  readonly storage?: RefreshTokenStorage;
  /** Parts of the platform to be replaced. Default: the browser's own. */
  readonly environment?: Partial<Platform>;
}

/** A session as the server lists it. Times are epoch milliseconds. */
export interface ListedSession {
  readonly sid: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly device: { readonly userAgent?: string; readonly ip?: string; readonly label?: string };
  readonly createdAt: number;
  readonly authenticatedAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  /** Whether it is the one that asks. */
  readonly current: boolean;
}

/** Keeps people signed in. The access token is in memory, and nowhere else. */
export interface SessionClient {
  /**
   * `fetch` with the access token, for requests to the origin of `baseUrl`; others pass as they are, and so does one with
   * an `Authorization` of its own. A token about to run out is renewed first, and one that the API no longer accepts is
   * renewed once, and the request repeated, unless its body is a stream or that of a `Request`. While no token can be had
   * because the server is away, it throws or answers as `fetch` would. An address without an origin is the page's, as
   * with `fetch`, and the API's where there is no page.
   */
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  /** Whether somebody is signed in; `undefined` until it is known, which takes the first request or `refresh`. */
  readonly signedIn: boolean | undefined;
  /** Milliseconds that the access token still has to live; 0 without one. */
  readonly tokenLife: number;
  /** Calls back whenever `signedIn` has changed or a token is new, in every tab; answers a function that stops it. */
  subscribe(listener: () => void): () => void;
  /**
   * Takes what a sign-in or a re-authentication answered: `client.start(await response.json())`.
   * @throws TypeError when that has no token
   */
  start(tokens: TokenResponse): Promise<void>;
  /**
   * Renews the token now, once for all tabs. Answers whether somebody is signed in.
   * @throws SessionClientError, or what `fetch` throws, when the server could not say; nobody is signed out by it
   */
  refresh(): Promise<boolean>;
  /** Ends this session, in every tab. @throws SessionClientError, or what `fetch` throws: then it may still live */
  logout(): Promise<void>;
  /** Ends all sessions of the user, and this one. Answers how many. @throws as `logout` */
  logoutEverywhere(): Promise<number>;
  readonly sessions: {
    list(): Promise<readonly ListedSession[]>;
    /** Ends one session; `false` when there was none. */
    revoke(sid: string): Promise<boolean>;
    /** Ends all but this one; answers how many. */
    revokeOthers(): Promise<number>;
  };
  /** Leaves the other tabs alone from now on; all else works. */
  close(): void;
}
