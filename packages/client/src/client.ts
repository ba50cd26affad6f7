import { createFetch } from './fetch.js';
import { readCode, SessionClientError } from './renewal.js';
import { createTokenManager } from './token-manager.js';
import type { ClientOptions, ListedSession, SessionClient } from './types.js';

/** @throws TypeError for a `baseUrl` that is none */
export function createClient(options: ClientOptions = {}): SessionClient {
  const base = toBase(options.baseUrl);
  const sessionUrl = base.href.replace(/\/$/, '') + (options.basePath ?? '/session');
  const manager = createTokenManager(sessionUrl, options);
  const send = createFetch(manager, base);
  // A browser's own fetch refuses to be the method of anything else.
  const { fetch, now } = manager.platform;

  async function call(path: string, method = 'GET'): Promise<Response> {
    const response = await send(sessionUrl + path, { method, credentials: 'include' });
    if (response.ok) return response;
    throw new SessionClientError(response, await readCode(response));
  }

  async function callForCount(path: string): Promise<number> {
    const { revoked } = (await (await call(path, 'POST')).json()) as { readonly revoked: number };
    return revoked;
  }

  return {
    fetch: send,
    get signedIn() {
      return manager.signedIn;
    },
    get tokenLife() {
      return Math.max(0, (manager.current?.expiresAt ?? 0) - now());
    },
    subscribe: manager.subscribe,
    start: manager.start,
    refresh: manager.renew,
    async logout() {
      const init = await manager.createInit();
      if (init !== undefined) {
        const response = await fetch(`${sessionUrl}/logout`, init);
        if (!response.ok) throw new SessionClientError(response, await readCode(response));
      }
      await manager.signOut();
    },
    async logoutEverywhere() {
      const count = await callForCount('/logout-all');
      await manager.signOut();
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
    close: manager.close,
  };
}

function toBase(baseUrl: string | undefined): URL {
  try {
    const base = new URL(baseUrl ?? '/', globalThis.location?.href);
    // The origins of all other schemes are the same to a URL.
    if (/^https?:/.test(base.href)) return base;
  } catch {
    // Said below.
  }
  throw new TypeError(
    `createClient: baseUrl ${JSON.stringify(baseUrl)} will not do. Write the API's address, as in 'https://api.example.com'; only on a page it may be left out.`,
  );
}
