import { isPassing, readCode, SessionClientError } from './errors.js';
import { isFresh } from './held-token.js';
import type { Keeper } from './keeper.js';
import { type FetchArguments, prepareRequest } from './request.js';

/** `fetch` with the token that the keeper has. */
export function createFetch(
  keeper: Keeper,
  base: URL,
): (...given: FetchArguments) => Promise<Response> {
  const { fetch, now } = keeper.environment;

  async function send(...given: FetchArguments): Promise<Response> {
    const request = prepareRequest(given, base);
    if (!request.isOurs) return fetch(...request.withToken(undefined));
    try {
      if (!isFresh(keeper.held, now()) && keeper.signedIn !== false) {
        await renewFor(request.signal).catch((error: unknown) => {
          // It was renewed ahead of time, and serves until then.
          if (now() >= (keeper.held?.expiresAt ?? 0)) throw error;
        });
      }
      const used = keeper.held?.token;
      const response = await fetch(...request.withToken(used));
      if (used === undefined || !(await isStaleToken(response))) return response;
      // Another request may have renewed it already.
      if (keeper.held?.token === used) await renewFor(request.signal);
      return keeper.held !== undefined && request.isRepeatable()
        ? await fetch(...request.withToken(keeper.held.token))
        : response;
    } catch (error) {
      // The server said that it cannot say: so does this, to each that waited.
      if (error instanceof SessionClientError && isPassing(error)) return error.response.clone();
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
    await Promise.race([keeper.renew(), given]).finally(() =>
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
