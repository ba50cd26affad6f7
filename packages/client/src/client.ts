import { type Environment, type Message, platform } from './environment.js';
import { readCode, SessionClientError } from './errors.js';
import { type HeldToken, holdToken, isFresh } from './held-token.js';
import { type Renewal, requestRenewal, type TokenResponse, untilHeard } from './renewal.js';
import { type FetchArguments, hasAuthorization, isRepeatable, withToken } from './repeatable.js';

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
  readonly environment?: Partial<Environment>;
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
   * `fetch` with the access token, for requests to `baseUrl`; others pass as they are. A token about to run out is renewed
   * first, and one that the API no longer accepts is renewed once, and the request repeated, unless its body is a stream.
   * While no token can be had because the server is away, it throws or answers as `fetch` would.
   */
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  /** Whether somebody is signed in; `undefined` until it is known, which takes the first request or `refresh`. */
  readonly signedIn: boolean | undefined;
  /** Milliseconds that the access token still has to live; 0 without one. */
  readonly tokenLife: number;
  /** Calls back whenever `signedIn` has changed or a token is new, in every tab; answers a function that stops it. */
  subscribe(listener: () => void): () => void;
  /** Takes what a sign-in or a re-authentication answered: `client.start(await response.json())`. */
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
  /** Stops listening to other tabs. */
  close(): void;
}

function toBase(baseUrl: string | undefined): URL {
  const page = globalThis.location?.href;
  if (URL.canParse(baseUrl ?? '/', page)) return new URL(baseUrl ?? '/', page);
  throw new TypeError(
    `createClient: baseUrl ${JSON.stringify(baseUrl)} will not do. Write the API's address, as in 'https://api.example.com'; only on a page it may be left out.`,
  );
}

/** @throws TypeError for a `baseUrl` that is none */
export function createClient(options: ClientOptions = {}): SessionClient {
  const { basePath = '/session', storage } = options;
  const environment: Environment = { ...platform, ...options.environment };
  const { now } = environment;
  const base = toBase(options.baseUrl);
  const routeUrl = (path: string): string => base.href.replace(/\/$/, '') + basePath + path;

  const listeners = new Set<() => void>();
  let held: HeldToken | undefined;
  let signedIn: boolean | undefined;
  let renewing: Promise<boolean> | undefined;
  /** Raised by every sign-in and sign-out: what was asked for before is not for the one who is here now. */
  let epoch = 0;
  let heard = 0;

  const tabs = environment.openTabs?.(`sess ${routeUrl('')}`, onMessage);

  function change(next: HeldToken | undefined, isSignedIn: boolean): void {
    held = next;
    signedIn = isSignedIn;
    for (const listener of [...listeners]) listener();
  }

  function onMessage(message: Message): void {
    if (message.kind === 'received') heard += 1;
    else if (message.kind === 'signed-out') {
      epoch += 1;
      change(undefined, false);
    } else {
      // What is on its way here may be for whoever was signed in before.
      if (message.isSignIn) epoch += 1;
      change(holdToken(message.token, message.life, now()), true);
      if (renewing !== undefined) tabs?.post({ kind: 'received' });
    }
  }

  async function take(tokens: TokenResponse, askedAt: number, isSignIn: boolean): Promise<void> {
    if (storage !== undefined && tokens.refresh_token !== undefined) {
      await storage.set(tokens.refresh_token);
    }
    const { access_token: token, expires_in: seconds } = tokens;
    const next = holdToken(token, seconds * 1_000, askedAt);
    change(next, true);
    tabs?.post({ kind: 'token', token, life: next.expiresAt - now(), isSignIn });
  }

  async function signOut(): Promise<void> {
    epoch += 1;
    await storage?.remove();
    change(undefined, false);
    tabs?.post({ kind: 'signed-out' });
  }

  async function refreshInit(): Promise<RequestInit | undefined> {
    // A server whose sessions are in their tokens takes the token itself.
    const headers: Record<string, string> =
      held === undefined ? {} : { Authorization: `Bearer ${held.token}` };
    if (storage === undefined) return { headers };
    const refreshToken = await storage.get();
    if (refreshToken === undefined || refreshToken === null) return undefined;
    headers['Content-Type'] = 'application/json';
    return { headers, body: JSON.stringify({ refresh_token: refreshToken }) };
  }

  /** Renews, unless another tab has done it while this one waited for its turn. */
  async function renewInTurn(stale: HeldToken | undefined): Promise<boolean> {
    if (held !== stale) return signedIn === true;
    const asked = epoch;
    heard = 0;
    const renewal: Renewal = await requestRenewal(environment, routeUrl('/refresh'), refreshInit);
    // Somebody has signed in or out meanwhile: they have the last word.
    if (asked !== epoch) return signedIn === true;
    if (renewal.kind === 'signed-out') {
      await signOut();
      return false;
    }
    await take(renewal.tokens, renewal.askedAt, false);
    if (tabs !== undefined) await untilHeard(environment, tabs, () => heard);
    return true;
  }

  function renew(): Promise<boolean> {
    const stale = held;
    renewing ??= (tabs?.exclusively(() => renewInTurn(stale)) ?? renewInTurn(stale)).finally(() => {
      renewing = undefined;
    });
    return renewing;
  }

  function isOurs(url: string): boolean {
    return new URL(url, base).origin === base.origin;
  }

  async function isStaleToken(response: Response): Promise<boolean> {
    if (response.status !== 401 || (response.url !== '' && !isOurs(response.url))) return false;
    const challenge = response.headers.get('WWW-Authenticate');
    // Other origins have to expose the header, and seldom do.
    return challenge === null
      ? (await readCode(response)) === 'invalid_token'
      : /\bBearer\b.*error="invalid_token"/i.test(challenge);
  }

  async function send(...given: FetchArguments): Promise<Response> {
    const [input] = given;
    const url = input instanceof Request ? input.url : String(input);
    if (!isOurs(url) || hasAuthorization(given)) return environment.fetch(...given);
    try {
      if (!isFresh(held, now()) && signedIn !== false) await renew();
      const used = held?.token;
      const response = await environment.fetch(...withToken(given, used));
      if (used === undefined || !(await isStaleToken(response))) return response;
      // Another request may have renewed it already.
      if (held?.token === used && !(await renew())) return response;
      return isRepeatable(given)
        ? await environment.fetch(...withToken(given, held?.token))
        : response;
    } catch (error) {
      // The server said that it cannot say: so does this.
      if (error instanceof SessionClientError && error.status >= 500) return error.response;
      throw error;
    }
  }

  async function call(path: string, method = 'GET'): Promise<Response> {
    const response = await send(routeUrl(path), { method, credentials: 'include' });
    if (response.ok) return response;
    throw new SessionClientError(response, await readCode(response));
  }

  async function callForCount(path: string): Promise<number> {
    const { revoked } = (await (await call(path, 'POST')).json()) as { readonly revoked: number };
    return revoked;
  }

  return {
    fetch: (input, init) => send(input, init),
    get signedIn() {
      return signedIn;
    },
    get tokenLife() {
      return Math.max(0, (held?.expiresAt ?? 0) - now());
    },
    subscribe(listener) {
      const entry = (): void => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    async start(tokens) {
      epoch += 1;
      await take(tokens, now(), true);
    },
    refresh: renew,
    async logout() {
      const init: RequestInit = (await refreshInit()) ?? {};
      const response = await environment.fetch(routeUrl('/logout'), {
        method: 'POST',
        credentials: 'include',
        ...init,
      });
      if (!response.ok) throw new SessionClientError(response, await readCode(response));
      await signOut();
    },
    async logoutEverywhere() {
      const count = await callForCount('/logout-all');
      await signOut();
      return count;
    },
    sessions: {
      async list() {
        const body = (await (await call('/list')).json()) as { sessions: readonly ListedSession[] };
        return body.sessions;
      },
      async revoke(sid) {
        try {
          await call(`/${encodeURIComponent(sid)}`, 'DELETE');
          return true;
        } catch (error) {
          if (error instanceof SessionClientError && error.status === 404) return false;
          throw error;
        }
      },
      revokeOthers: () => callForCount('/logout-others'),
    },
    close: () => tabs?.close(),
  };
}
