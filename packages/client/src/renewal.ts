import type { Platform, TokenResponse } from './types.js';

/** A response of a session route that is no success, or the absence of one. */
export class SessionClientError extends Error {
  override readonly name = 'SessionClientError';
  /** The HTTP status; 0 without a response. */
  readonly status: number;
  /**
   * The stable `code` of the problem body, such as `store_unavailable`, if it had one. From the client itself:
   * `timeout` (no complete response within 10 seconds) and `session_changed` (another user has signed in).
   */
  readonly code: string | undefined;
  /** The response, with its body unread; an error response (Fetch, section 2.2.6) without one. */
  readonly response: Response;

  constructor(
    response: Response,
    code: string | undefined,
    message = `The session route responded with ${response.status} (${code ?? 'no code'}).`,
  ) {
    super(message);
    this.status = response.status;
    this.code = code;
    this.response = response;
  }
}

/** Creates the error of a request that was not sent because another user has signed in since. */
export function createSessionChanged(): SessionClientError {
  return new SessionClientError(
    Response.error(),
    'session_changed',
    'Another user has signed in since the request was made. It was not sent.',
  );
}

/** The arguments of `requestRoute`. */
export interface RouteRequest<Result> {
  readonly fetch: Platform['fetch'];
  readonly url: string;
  /** Returns `undefined` if there is nothing to send; the result is `undefined` then. */
  readonly createInit: () => RequestInit | undefined | Promise<RequestInit | undefined>;
  readonly read: (response: Response) => Promise<Result> | undefined;
}

/** The arguments of `requestRenewal`. */
export interface RenewalRequest extends Omit<RouteRequest<unknown>, 'read'> {
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
/** The codes of the session routes. Codes of gateways say nothing about who is signed in. */
const SIGNED_OUT = /^(refresh_token_(missing|rejected)|session_required|invalid_token)$/;

/**
 * Sends one request to a session route, its body included in the time limit.
 *
 * @throws {SessionClientError} for a response that is no success, and `timeout` after 10 seconds
 */
export async function requestRoute<Result>(
  { startTimer }: Platform,
  { fetch, url, createInit, read }: RouteRequest<Result>,
): Promise<Result | undefined> {
  // Not AbortSignal.timeout, which some platforms lack.
  const controller = new AbortController();
  let cancel = (): void => {};
  const timeout = new Promise<never>((_resolve, reject) => {
    cancel = startTimer(TIMEOUT_MS, () => {
      reject(
        new SessionClientError(
          Response.error(),
          'timeout',
          'The session route did not respond in time.',
        ),
      );
      controller.abort();
    });
  });
  async function send(): Promise<Result | undefined> {
    const init = await createInit();
    if (init === undefined) return undefined;
    const response = await fetch(url, { ...init, signal: controller.signal });
    if (response.ok) return read(response);
    throw new SessionClientError(response, await readCode(response));
  }
  return Promise.race([send(), timeout]).finally(cancel);
}

/**
 * Requests the next tokens. Refresh is idempotent on the server, so a lost response is retried.
 *
 * @throws {SessionClientError} or an error of `fetch`, if the server could not decide
 */
export async function requestRenewal(
  platform: Platform,
  { onFailure, ...request }: RenewalRequest,
): Promise<Renewal> {
  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => platform.startTimer(milliseconds, resolve));
  let isConfirmed = false;
  for (let attempt = 0; ; ) {
    const at = platform.now();
    try {
      const read = (response: Response): Promise<TokenResponse> => response.json();
      return { at, tokens: await requestRoute(platform, { ...request, read }) };
    } catch (error) {
      const { status, code } = error as Partial<SessionClientError>;
      if (status === 401 && SIGNED_OUT.test(`${code}`)) {
        // A refused token may have been replaced by another tab; an absent one was not.
        if (isConfirmed || /missing|required/.test(`${code}`)) return { at };
        isConfirmed = true;
        await sleep(CONFIRM_DELAY_MS);
        continue;
      }
      onFailure();
      const delay = Math.max(
        RETRY_DELAYS_MS[attempt] ?? Number.POSITIVE_INFINITY,
        readRetryAfter(error, at),
      );
      attempt += 1;
      if (!isTransient(error) || delay > MAX_RETRY_DELAY_MS) throw error;
      await sleep(delay);
    }
  }
}

/** Returns the `code` of a problem body (RFC 9457) and leaves the body unread. */
export async function readCode(response: Response): Promise<string | undefined> {
  try {
    const { code } = (await response.clone().json()) as { readonly code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    // No JSON: a response of a gateway, which has no code.
    return undefined;
  }
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
