import type { Environment, Tabs } from './environment.js';
import { readCode, SessionClientError } from './errors.js';

/** A successful answer with tokens (RFC 6749, section 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token?: string;
}

/** What a renewal comes to. */
export type Renewal =
  | { readonly kind: 'token'; readonly tokens: TokenResponse; readonly askedAt: number }
  /** The refresh token is not accepted, or there is none. */
  | { readonly kind: 'signed-out' };

/** Milliseconds between attempts when an answer was lost, or the server is not there for the moment. */
const PAUSES = [300, 1_500];
/** Milliseconds after which an answer counts as lost. */
const PATIENCE = 10_000;

/**
 * Asks for the next token. The server gives the same one to whoever asks again, so that a lost answer is simply asked
 * for anew.
 *
 * @throws SessionClientError, or what `fetch` throws, when the server could not say; nothing is known then
 */
export async function requestRenewal(
  { fetch, now, sleep }: Environment,
  url: string,
  createInit: () => Promise<RequestInit | undefined>,
): Promise<Renewal> {
  for (let attempt = 0; ; attempt += 1) {
    const askedAt = now();
    try {
      const init = await createInit();
      if (init === undefined) return { kind: 'signed-out' };
      // Absent on some platforms, which give up by themselves.
      const signal = AbortSignal.timeout?.(PATIENCE) ?? null;
      const response = await fetch(url, {
        method: 'POST',
        credentials: 'include',
        ...init,
        signal,
      });
      if (response.ok) {
        return { kind: 'token', tokens: (await response.json()) as TokenResponse, askedAt };
      }
      const code = await readCode(response);
      // A gateway on the way has no say in who is signed in.
      if (response.status === 401 && code !== undefined) return { kind: 'signed-out' };
      throw new SessionClientError(response, code);
    } catch (error) {
      const pause = PAUSES[attempt];
      // Too many requests is not the client's fault for long.
      const isFinal =
        error instanceof SessionClientError && error.status < 500 && error.status !== 429;
      if (pause === undefined || isFinal) throw error;
      await sleep(pause);
    }
  }
}

/** How long a tab that has renewed waits until those who wait have heard of it, at most. Milliseconds. */
const LONGEST_WAIT = 200;
const STEP = 5;

/** Lets go of the others only when they have the token, or each would ask for one of its own. */
export async function untilHeard(
  { sleep }: Environment,
  tabs: Tabs,
  countHeard: () => number,
): Promise<void> {
  const waiting = await tabs.countWaiting();
  for (let waited = 0; countHeard() < waiting && waited < LONGEST_WAIT; waited += STEP) {
    await sleep(STEP);
  }
}
