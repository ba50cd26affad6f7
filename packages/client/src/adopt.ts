/** Where the page keeps the token of the service before. */
export interface OldToken {
  /** Returns the old refresh token; nothing if there is none (any more). */
  token(): string | null | undefined | Promise<string | null | undefined>;
  /** Deletes it, once the server has ended its session. */
  forget(): void | Promise<void>;
  /** Default: the global `fetch`, as it is at each request. */
  readonly fetch?: typeof fetch;
}

/**
 * Creates the `fetch` of a client whose users have a token of another service: give it as `environment.fetch`. A refresh
 * carries the old token, which the server exchanges for a session (`refreshTable` of `@sess/adopt`). A second refresh shows
 * the server that the page has its cookie; then the old token is forgotten. A lost response only repeats that.
 */
export function adoptToken(old: OldToken): typeof fetch {
  const send: typeof fetch = (...call) => (old.fetch ?? fetch)(...call);
  return async (url, init) => {
    const token = /\/refresh$/.test(String(url)) ? await old.token() : undefined;
    if (!token) return send(url, init);
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${token}`);
    const exchange = (): Promise<Response> => send(url, { ...init, headers });
    const first = await exchange();
    if (!first.ok) return first;
    const second = await exchange().catch(() => first);
    if (second === first || !second.ok) return first;
    await old.forget();
    return second;
  };
}
