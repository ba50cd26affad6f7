import type { Environment } from './environment.js';
import { isPassing, readCode, SessionClientError } from './errors.js';
import type { TokenResponse } from './held-token.js';

/** What a renewal comes to; without tokens, when there is nothing that the server accepts for them. */
export interface Renewal {
  readonly at: number;
  readonly tokens?: TokenResponse;
}

/** Milliseconds between attempts when an answer was lost, or the server is not there for the moment. */
const PAUSES = [300, 1_500];
/** Milliseconds after which an answer counts as lost. */
const PATIENCE = 10_000;
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
  { fetch, now, sleep }: Environment,
  url: string,
  createInit: () => Promise<RequestInit | undefined>,
): Promise<Renewal> {
  for (let attempt = 0; ; attempt += 1) {
    const at = now();
    try {
      const init = await createInit();
      if (init === undefined) return { at };
      // Absent on some platforms, which give up by themselves.
      const signal = AbortSignal.timeout?.(PATIENCE) ?? null;
      const response = await fetch(url, { ...init, signal });
      if (response.ok) return { at, tokens: (await response.json()) as TokenResponse };
      const code = await readCode(response);
      if (response.status === 401 && SIGNED_OUT.test(`${code}`)) return { at };
      throw new SessionClientError(response, code);
    } catch (error) {
      const pause = PAUSES[attempt];
      const isFinal = error instanceof SessionClientError && !isPassing(error);
      if (pause === undefined || isFinal) throw error;
      await sleep(pause);
    }
  }
}
