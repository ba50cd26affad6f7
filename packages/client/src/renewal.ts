import type { Platform, TokenResponse } from './types.js';

/** A response of a session route that is no success, or the absence of one. */
export class SessionClientError extends Error {
  /** The HTTP status; 0 without a response. */
  declare readonly status: number;
  /**
   * The stable `code` of the problem body, such as `store_unavailable`, if it had one. From the client itself:
   * `timeout` (no complete response within 10 seconds) and `session_changed` (not sent after a change of user or session).
   */
  declare readonly code: string | undefined;
  /** The response, with its body unread; an error response (Fetch, section 2.2.6) without one. */
  declare readonly response: Response;

  constructor(
    response: Response,
    code: string | undefined,
    message = `The session route responded with ${response.status} (${code}).`,
  ) {
    super(message);
    const { status } = response;
    Object.assign(this, { name: 'SessionClientError', status, code, response });
  }
}

/** Creates the error of a request that was not sent because another user has signed in since. */
export function createSessionChanged(): SessionClientError {
  const message = 'Not sent: the session has changed since the request.';
  return new SessionClientError(Response.error(), 'session_changed', message);
}

/** The arguments of `requestRoute`. */
export interface RouteRequest {
  readonly fetch: Platform['fetch'];
  readonly url: string;
  /** `undefined` if there is nothing to send; the result is `undefined` then. */
  readonly init: RequestInit | undefined | Promise<RequestInit | undefined>;
  /** Aborts the request together with the time limit. */
  readonly controller?: AbortController;
}

/** The arguments of `requestRenewal`. */
export interface RenewalRequest {
  readonly url: string;
  /** Called for each attempt, with what aborts it. Returns `undefined` if there is nothing to send. */
  readonly createInit: (
    controller: AbortController,
  ) => Promise<RequestInit | undefined> | undefined;
  /** Called at the first attempt without a result, while further ones follow. */
  readonly onFailure: () => void;
}

/** The result of a renewal. Without tokens, the server accepts nothing that the client has. */
export interface Renewal {
  readonly at: number;
  readonly tokens?: TokenResponse | undefined;
}

/** Milliseconds between attempts when a response was lost or the server is unavailable. */
const RETRY_DELAYS_MS = [300, 1_500];
/** The longest wait within one renewal. A longer `Retry-After` ends it. */
const MAX_RETRY_DELAY_MS = 5_000;
/** Milliseconds before a refused token is presented again: a new cookie of a re-authentication may be on its way. */
const CONFIRM_DELAY_MS = 1_500;
/** Milliseconds after which a response counts as lost. */
const TIMEOUT_MS = 10_000;
/** Refusals of the session routes; the last is that of a lost key. Those of gateways say nothing about who is signed in. */
const SIGNED_OUT = /^40[01] (refresh_token_\w+|session_required|invalid_(token|grant))$/;

/**
 * Sends one request to a session route, its body included in the time limit. Returns the JSON of the response, or
 * `undefined` for a body of another kind.
 *
 * @throws {SessionClientError} for a response that is no success, and `timeout` after 10 seconds
 */
export function requestRoute<Body>(
  { startTimer }: Platform,
  { fetch, url, init, controller = new AbortController() }: RouteRequest,
): Promise<Body | undefined> {
  // Not AbortSignal.timeout, which some platforms lack.
  return new Promise<Body | undefined>((resolve, reject) => {
    const cancel = startTimer(TIMEOUT_MS, () => {
      reject(
        new SessionClientError(Response.error(), 'timeout', 'The session route did not respond.'),
      );
      controller.abort();
    });
    async function send(): Promise<Body | undefined> {
      const given = await init;
      if (!given) return undefined;
      const response = await fetch(url, { ...given, signal: controller.signal });
      const body = await readJson<Body & { readonly code?: string; readonly error?: string }>(
        response,
      );
      if (response.ok) return body;
      throw new SessionClientError(response, body?.code ?? body?.error);
    }
    send().then(resolve, reject).finally(cancel);
  });
}

/**
 * Requests the next tokens. Refresh is idempotent on the server, so a lost response is retried.
 *
 * @throws {SessionClientError} or an error of `fetch`, if the server could not decide
 */
export async function requestRenewal(
  platform: Platform,
  { url, createInit, onFailure }: RenewalRequest,
): Promise<Renewal> {
  const { fetch, now, startTimer } = platform;
  let isConfirmed = false;
  for (let attempt = 0; ; ) {
    const at = now();
    let delay = CONFIRM_DELAY_MS;
    try {
      const controller = new AbortController();
      const init = createInit(controller);
      const tokens = await requestRoute<TokenResponse>(platform, { fetch, url, init, controller });
      if (await init) assertTokens(tokens);
      return { at, tokens };
    } catch (error) {
      const { status, code } = error as Partial<SessionClientError>;
      if (SIGNED_OUT.test(`${status} ${code}`)) {
        // A refused token may have been replaced by another tab; an absent one was not.
        if (isConfirmed || /missing|required/.test(`${code}`)) return { at };
        isConfirmed = true;
      } else {
        onFailure();
        // Without a further attempt: NaN.
        delay = Math.max(RETRY_DELAYS_MS[attempt] as number, readRetryAfter(error, at));
        attempt += 1;
        if (!isTransient(error) || !(delay <= MAX_RETRY_DELAY_MS)) throw error;
      }
    }
    await new Promise<void>((resolve) => startTimer(delay, resolve));
  }
}

/** @throws {TypeError} without an access token, as in a response of a gateway or of a refused sign-in */
export function assertTokens(tokens: TokenResponse | undefined): asserts tokens {
  if (typeof tokens?.access_token !== 'string') {
    throw new TypeError('expected a response with an access_token, got none.');
  }
}

/** Returns the JSON of a response and leaves its body unread; `undefined` for a body of another kind. */
export function readJson<Body>(response: Response): Promise<Body | undefined> {
  // A response of a gateway, or a connection that was cut: both say nothing.
  return response
    .clone()
    .json()
    .catch(() => undefined);
}

/** True unless the server refused: no response, an overload or a failure, after which a retry can succeed. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof SessionClientError)) return true;
  const { status } = error;
  return status === 0 || status >= 500 || status === 429;
}

/** Returns the milliseconds that `Retry-After` asks for (RFC 9110, section 10.2.3); 0 without it. */
export function readRetryAfter(error: unknown, now: number): number {
  if (!(error instanceof SessionClientError)) return 0;
  const { headers } = error.response;
  const value = headers.get('Retry-After') ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  // A date is on the clock of the server, which the response shows unless CORS hides it.
  return Math.max(0, Date.parse(value) - (Date.parse(headers.get('Date') ?? '') || now)) || 0;
}
