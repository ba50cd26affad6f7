import { createFetch } from './fetch.js';
import { isWithin } from './held-token.js';
import { createPlatform } from './platform.js';
import { createSessionChanged, requestRoute, type SessionClientError } from './renewal.js';
import { createTokenManager } from './token-manager.js';
import type { ClientOptions, ListedSession, SessionClient } from './types.js';

/** The options of `createClient`. */
const OPTIONS = ['baseUrl', 'basePath', 'origins', 'storage', 'proof', 'environment'];
/** The members of `environment`. */
const PLATFORM = ['fetch', 'now', 'startTimer', 'openTabs'];

/**
 * Creates a client for one user: one for each page, and one for each request in a server process. It sends nothing until
 * the first request or `refresh`, and takes the global `fetch` as it is now.
 *
 * The tabs of one origin with the same `baseUrl` and `basePath` share the access token by a BroadcastChannel. Scripts of
 * the page can read such a channel, as they can call the API; the refresh token never passes through it.
 *
 * @throws {TypeError} for an unknown option, or a `baseUrl` or origin that is not an http(s) address
 */
export function createClient(options: ClientOptions = {}): SessionClient {
  assertKnown(options, OPTIONS);
  assertKnown(options.environment ?? {}, PLATFORM);
  const { basePath = '/session', storage, proof, origins: more = [] } = options;
  const base = toUrl('baseUrl', options.baseUrl ?? '/', globalThis.location?.href);
  const sessionUrl = base.href.replace(/\/$/, '') + basePath;
  const origins = new Set([base.origin, ...more.map((origin) => toUrl('origins', origin).origin)]);
  const { environment } = options;
  const fetch = proof?.({ ...createPlatform(), ...environment, origins });
  const manager = createTokenManager(
    sessionUrl,
    fetch ? { ...options, environment: { ...environment, fetch } } : options,
  );
  const { platform } = manager;
  const { now } = platform;
  const send = createFetch(manager, { href: base.href, origins });

  /** Calls a session route with the token of the user. @throws as `requestRoute`, and as `client.fetch` */
  function call<Body>(path: string, method: string): Promise<Body> {
    const init: RequestInit = storage ? { method } : { method, credentials: 'include' };
    return requestRoute(platform, { fetch: send, url: sessionUrl + path, init }) as Promise<Body>;
  }

  /** Returns the number of sessions that a route has ended. */
  async function callForCount(path: string): Promise<number> {
    return (await call<{ readonly revoked: number }>(path, 'POST')).revoked;
  }

  return {
    fetch: send,
    get signedIn() {
      return manager.signedIn;
    },
    get sid() {
      return manager.current?.sid;
    },
    get subject() {
      return manager.current?.subject;
    },
    get tokenLife() {
      return Math.max(0, (manager.current?.expiresAt ?? 0) - now());
    },
    async getToken() {
      const getToken = manager.bind();
      if (manager.signedIn !== false && !isWithin(manager.current, now())) {
        await manager.renew().catch((error: unknown) => {
          // Renewed ahead of time: the token is valid until its end.
          if (now() >= (manager.current?.expiresAt ?? 0)) throw error;
        });
      }
      const token = getToken();
      if (token === null) throw createSessionChanged();
      return token;
    },
    subscribe: manager.subscribe,
    start: manager.start,
    refresh: () => handled(manager.renew()),
    logout: ({ localOnly = false } = {}) =>
      handled(
        (async () => {
          const key = manager.current?.key;
          if (!localOnly) {
            const { fetch } = platform;
            const init = manager.createInit();
            await requestRoute(platform, { fetch, url: `${sessionUrl}/logout`, init });
          }
          await manager.signOut(key);
        })(),
      ),
    logoutEverywhere: () =>
      handled(
        (async () => {
          const key = manager.current?.key;
          const count = await callForCount('/logout-all');
          await manager.signOut(key);
          return count;
        })(),
      ),
    sessions: {
      list: () =>
        handled(
          call<{ readonly sessions: readonly ListedSession[] }>('/list', 'GET').then(
            ({ sessions }) => sessions,
          ),
        ),
      revoke: (sid) =>
        handled(
          call(`/${encodeURIComponent(sid)}`, 'DELETE').then(
            () => true,
            (error: unknown) => {
              if ((error as Partial<SessionClientError>).status === 404) return false;
              throw error;
            },
          ),
        ),
      revokeOthers: () => handled(callForCount('/logout-others')),
    },
    close: manager.close,
  };
}

/** Marks a rejection as handled: a caller that drops the promise must not end a process, one that awaits it still sees it. */
function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => {});
  return promise;
}

/** @throws {TypeError} for an option that does not exist, such as a misspelt one */
function assertKnown(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`createClient: expected ${known.join(', ')}, got ${name}.`);
    }
  }
}

/**
 * Returns an absolute http(s) address.
 *
 * @param page the address that a relative one belongs to; without it a relative one is refused
 * @throws {TypeError} for any other address
 */
function toUrl(option: string, address: string, page?: string): URL {
  try {
    const url = new URL(address, page);
    // URLs of other schemes all have the same origin.
    if (/^https?:/.test(url.href)) return url;
  } catch {
    // Reported below.
  }
  throw new TypeError(
    `${option}: expected an address as in 'https://api.example.com', got ${JSON.stringify(address)}.`,
  );
}
