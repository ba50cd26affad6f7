import type { Device, PresentResult } from '../types.js';
import type { Exchange } from './exchange.js';

/** What an old credential is good for. */
export interface AdoptedSession {
  /** As of `present`: the session or the guest, with a renewal if the client may not have its cookie. */
  readonly result: PresentResult<never>;
  /** Its first refresh token, for the refresh route. */
  readonly refreshToken: string;
  /** True if the refresh counts for one request, as that of a spent cookie does. */
  readonly isLate: boolean;
}

/**
 * The option `adopt` of a middleware: takes over the sessions of another system. Made by `adopt` of `@sess/adopt`. A
 * credential is the text that identifies a session there.
 */
export interface Adoption {
  /** True if it was made for this engine, or for the one that a wrapper calls. */
  isFor(sessions: object): boolean;
  /**
   * Returns the credential of a request; `undefined` if it has none, or a forged one. Asks no store.
   *
   * @param token the refresh token of the body, where it travels there
   */
  read(exchange: Exchange, token?: string): string | undefined;
  /**
   * Returns the session that takes the place of the old one; `undefined` if there is none.
   *
   * @throws {StoreUnavailableError}
   */
  take(
    credential: string,
    given: { readonly exchange: Exchange; readonly device: Device; readonly canRenew: boolean },
  ): Promise<AdoptedSession | undefined>;
  /** Ends the old session of a request whose client has a cookie of the new one. Its failure is logged. */
  retire(credential: string, exchange: Exchange): Promise<void>;
  /**
   * Ends the old session of a request, what has taken its place, and its cookie.
   *
   * @throws {StoreUnavailableError}
   */
  end(credential: string, exchange: Exchange): Promise<void>;
}
