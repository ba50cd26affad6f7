/** What `fetch` was called with. */
export type FetchArguments = readonly [input: RequestInfo | URL, init: RequestInit | undefined];

/**
 * Whether a request can be sent again as it is. A stream has been read by then, and so has the body of a `Request`; to
 * keep a copy of either would take memory that nobody asked for.
 */
export function isRepeatable([input, init]: FetchArguments): boolean {
  const body = init?.body;
  if (body !== undefined && body !== null) {
    return !(typeof ReadableStream === 'function' && body instanceof ReadableStream);
  }
  return !(input instanceof Request) || input.body === null;
}

/** The arguments with an access token, unless the caller has set an `Authorization` of their own. */
export function withToken(
  [input, init]: FetchArguments,
  token: string | undefined,
): FetchArguments {
  const headers = new Headers(
    init?.headers ?? (input instanceof Request ? input.headers : undefined),
  );
  if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
  return [input, { ...init, headers }];
}

export function hasAuthorization([input, init]: FetchArguments): boolean {
  return new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined)).has(
    'Authorization',
  );
}
