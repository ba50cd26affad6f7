import { isTransient, readCode, SessionClientError } from './renewal.js';
import { isFresh, type TokenManager } from './token-manager.js';

/** What `fetch` was called with. */
export type FetchArguments = readonly [input: RequestInfo | URL, init?: RequestInit | undefined];

/** A request as it was when it was asked for: what the caller changes afterwards is not for this one. */
export interface PreparedRequest {
  /** Whether it is for the API, and without credentials of the caller's own. */
  readonly isOurs: boolean;
  readonly signal: AbortSignal | null | undefined;
  withToken(token: string | undefined): FetchArguments;
  /**
   * Whether it can be sent again as it is. A stream has been read by then, and so has the body of a `Request`; to keep a
   * copy of either would take memory that nobody asked for.
   */
  isRepeatable(): boolean;
}

/** @throws TypeError for what is no address, as `fetch` does */
export function prepareRequest(
  [input, init]: FetchArguments,
  base: { readonly href: string; readonly origin: string },
): PreparedRequest {
  const request = input instanceof Request ? input : undefined;
  const page = globalThis.document?.baseURI ?? globalThis.location?.href ?? base.href;
  const { href, origin } = new URL(request?.url ?? (input as string | URL), page);
  const given = init && { ...init };
  const headers = new Headers(init?.headers ?? request?.headers);

  return {
    isOurs: origin === base.origin && !headers.has('Authorization'),
    signal: given?.signal ?? request?.signal,
    withToken(token) {
      if (token === undefined) return [request ?? href, given];
      headers.set('Authorization', `Bearer ${token}`);
      if (request === undefined || given !== undefined) {
        return [request ?? href, { ...given, headers }];
      }
      // With an init, however small, a request forgets its referrer (Fetch, section 5.4).
      const copy = new Request(request);
      copy.headers.set('Authorization', `Bearer ${token}`);
      return [copy];
    },
    isRepeatable() {
      // A text has neither member, and not every browser's Request shows its body.
      const body = given?.body as Partial<ReadableStream & AsyncIterable<unknown>> | undefined;
      return !(body?.getReader ?? body?.[Symbol.asyncIterator] ?? request?.bodyUsed);
    },
  };
}

/** `fetch` with the token that the manager has. */
export function createFetch(
  manager: TokenManager,
  base: URL,
): (...given: FetchArguments) => Promise<Response> {
  const { fetch, now } = manager.platform;

  async function send(...given: FetchArguments): Promise<Response> {
    const request = prepareRequest(given, base);
    if (!request.isOurs) return fetch(...request.withToken(undefined));
    try {
      if (!isFresh(manager.current, now()) && manager.signedIn !== false) {
        await renewFor(request.signal).catch((error: unknown) => {
          // It was renewed ahead of time, and serves until then.
          if (now() >= (manager.current?.expiresAt ?? 0)) throw error;
        });
      }
      const used = manager.current?.token;
      const response = await fetch(...request.withToken(used));
      if (used === undefined || !(await isStaleToken(response))) return response;
      // Another request may have renewed it already.
      if (manager.current?.token === used) await renewFor(request.signal);
      return manager.current !== undefined && request.isRepeatable()
        ? await fetch(...request.withToken(manager.current.token))
        : response;
    } catch (error) {
      // The server said that it cannot say: so does this, to each that waited.
      if (error instanceof SessionClientError && isTransient(error)) return error.response.clone();
      throw error;
    }
  }

  /** Renews, or stops waiting for it: of a signal that has been aborted, the `fetch` that follows tells. */
  async function renewFor(signal: AbortSignal | null | undefined): Promise<void> {
    if (signal?.aborted) return;
    let stop = (): void => {};
    const given = new Promise<void>((resolve) => {
      stop = resolve;
      signal?.addEventListener('abort', stop);
    });
    await Promise.race([manager.renew(), given]).finally(() =>
      signal?.removeEventListener('abort', stop),
    );
  }

  /** Another origin, to which a redirect has led, has no say in it, nor has a 401 of another kind. */
  async function isStaleToken(response: Response): Promise<boolean> {
    const { status, url, headers } = response;
    if (status !== 401 || (url !== '' && new URL(url).origin !== base.origin)) return false;
    const challenge = headers.get('WWW-Authenticate');
    // APIs of other origins have to expose the header, and seldom do.
    return challenge === null
      ? (await readCode(response)) === 'invalid_token'
      : /\bBearer\b.*error="?invalid_token/i.test(challenge);
  }

  return send;
}
