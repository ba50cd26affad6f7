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
