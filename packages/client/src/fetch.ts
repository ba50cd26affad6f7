import { isWithin } from './held-token.js';
import { createSessionChanged, isTransient, readJson, SessionClientError } from './renewal.js';
import type { TokenManager } from './token-manager.js';

/** The arguments of `fetch`. */
export type FetchArguments = readonly [input: RequestInfo | URL, init?: RequestInit | undefined];

/** The addresses that decide which requests receive the token. */
export interface ApiAddress {
  readonly href: string;
  readonly origins: ReadonlySet<string>;
}

/** A request as it was at the call: later changes by the caller have no effect on it. */
interface PreparedRequest {
  /** True for a request to the API without credentials of the caller. Others pass unchanged. */
  readonly isOurs: boolean;
  readonly signal: AbortSignal | null | undefined;
  withToken(token: string | undefined): FetchArguments;
  /** True unless the body can be read once only: that of a stream or a `Request`. A copy would double the memory. */
  isRepeatable(): boolean;
}

/** Milliseconds without renewals after a renewed token was refused; doubled until one is accepted. */
const REFUSAL_PAUSE_MS = 30_000;

/**
 * Copies the arguments of `fetch`.
 *
 * @throws {TypeError} for an invalid address, as `fetch` does
 */
function prepareRequest(
  [input, init]: FetchArguments,
  { href: base, origins }: ApiAddress,
): PreparedRequest {
  const given = input instanceof Request ? input : undefined;
  const page = globalThis.document?.baseURI ?? globalThis.location?.href ?? base;
  const { href, origin } = new URL(given?.url ?? (input as string | URL), page);
  const headers = new Headers(init?.headers ?? given?.headers);
  const isOurs = origins.has(origin) && !headers.has('Authorization');
  const request = isOurs && given ? new Request(given) : undefined;
  const copy = isOurs && init ? { ...init, headers, body: copyBody(init.body ?? null) } : undefined;

  return {
    isOurs,
    signal: init?.signal ?? given?.signal,
    withToken(token) {
      if (!isOurs) return [given ?? href, init];
      // With an init, however small, a request loses its referrer (Fetch, section 5.4).
      const next = request
        ? new Request(request, copy)
        : { ...copy, headers: new Headers(headers) };
      if (token) next.headers.set('Authorization', `Bearer ${token}`);
      return next instanceof Request ? [next] : [href, next];
    },
    isRepeatable() {
      // A string has neither member, and not every browser's Request shows its body.
      const body = copy?.body as Partial<ReadableStream & AsyncIterable<unknown>> | undefined;
      return !(body?.getReader ?? body?.[Symbol.asyncIterator] ?? request?.bodyUsed);
    },
  };
}

/** Returns the body as it is now (Fetch, section 5.2): forms and buffers can be changed after the call. */
function copyBody(body: BodyInit | null): BodyInit | null {
  if (body instanceof ArrayBuffer) return body.slice(0);
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  }
  const form = body as Partial<FormData> | null;
  if (!form?.append || !form[Symbol.iterator]) return body;
  const copy = new (form.constructor as typeof FormData)();
  for (const [name, value] of form as FormData) copy.append(name, value as string);
  return copy;
}

/** Creates `fetch` with the token of the manager. */
export function createFetch(
  manager: TokenManager,
  address: ApiAddress,
): (...given: FetchArguments) => Promise<Response> {
  const { fetch, now } = manager.platform;
  let pauseMs = REFUSAL_PAUSE_MS;
  let pause: { readonly from: number; readonly until: number } | undefined;

  async function send(...given: FetchArguments): Promise<Response> {
    const request = prepareRequest(given, address);
    if (!request.isOurs) return fetch(...request.withToken(undefined));
    const { signal } = request;
    const getToken = manager.bind();
    const ready = manager.prepare();
    if (ready !== undefined) await waitFor(ready, signal);
    const used = getToken();
    if (used === null) throw createSessionChanged();
    const response = await fetch(...request.withToken(used));
    if (!(await isRefused(response, used))) return response;
    // Another request may have renewed the token already.
    if (getToken() === used) {
      if (isWithin(pause, now())) return response;
      try {
        await waitFor(manager.renew(), signal);
      } catch (error) {
        if (!(error instanceof SessionClientError) || error.status === 0) throw error;
        // An unavailable server must not read as a refused user.
        return isTransient(error) && !error.response.bodyUsed ? error.response.clone() : response;
      }
    }
    const renewed = getToken();
    if (!renewed || !request.isRepeatable()) return response;
    const repeated = await fetch(...request.withToken(renewed));
    if (!(await isRefused(repeated, renewed))) pauseMs = REFUSAL_PAUSE_MS;
    else if (!isWithin(pause, now())) {
      // A route that refuses every token must not rotate them for ever.
      pause = { from: now(), until: now() + pauseMs };
      pauseMs *= 2;
    }
    return repeated;
  }

  /** True if a response asks for a token, or for another one. Other origins, reached by a redirect, do not count. */
  async function isRefused(response: Response, token: string | undefined): Promise<boolean> {
    const { status, url, headers } = response;
    if (status !== 401 || (url && !address.origins.has(new URL(url).origin))) return false;
    // Without a token there is nothing to wait for, except a renewal that is late.
    if (!token && !manager.isRenewing) return false;
    const code = token ? 'invalid_token' : 'session_required';
    const challenge = headers.get('WWW-Authenticate');
    // APIs on other origins have to expose the header, and seldom do.
    if (challenge === null) return (await readJson<{ code?: string }>(response))?.code === code;
    return /\bBearer\b/i.test(challenge) && (!token || /error="?invalid_token/i.test(challenge));
  }

  return send;
}

/** Waits until a promise settles or the caller aborts; the `fetch` that follows reports the abort. */
async function waitFor(
  promise: Promise<unknown>,
  signal: AbortSignal | null | undefined,
): Promise<void> {
  if (signal?.aborted) return;
  let stop = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal?.addEventListener('abort', stop);
  });
  await Promise.race([promise, aborted]).finally(() => signal?.removeEventListener('abort', stop));
}
