import type { Platform, TokenResponse } from './types.js';

/** An answer of a session route that is neither success nor the end of the session. */
export class SessionClientError extends Error {
  override readonly name = 'SessionClientError';
  /** The HTTP status. */
  readonly status: number;
  /** The stable `code` of the problem body, such as `store_unavailable`, if it had one. */
  readonly code: string | undefined;
  /** The answer itself, its body not read yet. */
  readonly response: Response;

  constructor(response: Response, code: string | undefined) {
    super(
      `The session route answered ${response.status}${code === undefined ? '' : ` (${code})`}.`,
    );
    this.status = response.status;
    this.code = code;
    this.response = response;
  }
}

/** The `code` of a problem body (RFC 9457), without using the body up. */
export async function readCode(response: Response): Promise<string | undefined> {
  try {
    const { code } = (await response.clone().json()) as { readonly code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    // No JSON: an answer of something in between, which says nothing of the session.
    return undefined;
  }
}

/** Whether the server is just not up to it for the moment: it may be asked again. */
export function isTransient({ status }: SessionClientError): boolean {
  return status >= 500 || status === 429;
}

/** What a renewal comes to; without tokens, when there is nothing that the server accepts for them. */
export interface Renewal {
  readonly at: number;
  readonly tokens?: TokenResponse;
}

/** Milliseconds between attempts when an answer was lost, or the server is not there for the moment. */
const PAUSES = [300, 1_500];
/** Milliseconds after which an answer counts as lost. */
const TIMEOUT_MS = 10_000;
/** A gateway on the way, with codes of its own, has no say in who is signed in. */
const SIGNED_OUT = /^(refresh_token_(missing|rejected)|session_required|invalid_token)$/;

/**
 * Asks for the next token. The server gives the same one to whoever asks again, so that a lost answer is simply asked
 * for anew.
 *
 * @param createInit answers `undefined` when there is nothing to ask with
 * @throws SessionClientError, or what `fetch` throws, when the server could not say; nothing is known then
 */
export async function requestRenewal(
  { fetch, now, sleep }: Platform,
  url: string,
  createInit: () => Promise<RequestInit | undefined>,
): Promise<Renewal> {
  for (let attempt = 0; ; attempt += 1) {
    const at = now();
    try {
      const init = await createInit();
      if (init === undefined) return { at };
      // Absent on some platforms, which give up by themselves.
      const signal = AbortSignal.timeout?.(TIMEOUT_MS) ?? null;
      const response = await fetch(url, { ...init, signal });
      if (response.ok) return { at, tokens: (await response.json()) as TokenResponse };
      const code = await readCode(response);
      if (response.status === 401 && SIGNED_OUT.test(`${code}`)) return { at };
      throw new SessionClientError(response, code);
    } catch (error) {
      const pause = PAUSES[attempt];
      const isFinal = error instanceof SessionClientError && !isTransient(error);
      if (pause === undefined || isFinal) throw error;
      await sleep(pause);
    }
  }
}
