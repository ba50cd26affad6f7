import type { Lifetimes } from '../engine.js';
import type { Issued, PresentResult } from '../types.js';
import type { Exchange } from './exchange.js';

/** The option `adopt` of a middleware: takes over the sessions of another system. Made by `adopt` of `@sess/adopt`. */
export interface Adoption {
  /** @throws {UsageError} `invalid_option` if it was made for another engine */
  assertFor(sessions: object): void;
  /**
   * Returns what the request carries of the other system; `undefined` if that is nothing, or forged. Asks no store.
   *
   * @param token the refresh token of the body, where it travels there
   */
  open(exchange: Exchange, token?: string): OldCredential<never> | undefined;
  /**
   * Returns the adoption of a middleware that reads the user from the data of a session: all data goes over unless the
   * application has chosen, and an old session only if `subjectOf` finds its user in what goes over. Without the check,
   * the middleware would take the session for one that was signed out.
   *
   * @param lifetimes of the new sessions, as at a sign-in. Default: the engine's
   */
  readBy(subjectOf: (data: never) => unknown, lifetimes?: Lifetimes): Adoption;
}

/** The text by which one request identifies a session of the other system. */
export interface OldCredential<Data extends object> {
  /**
   * Returns the session or the guest that takes the place of the old one, with a renewal if the client may not have its
   * cookie; `undefined` if there is none.
   *
   * @throws {StoreUnavailableError}
   */
  take(how: { readonly canRenew: boolean }): Promise<PresentResult<Data> | undefined>;
  /**
   * The same by a refresh. `presented`: the token that the client has already, and does not get again.
   *
   * @throws {StoreUnavailableError}
   */
  refresh(): Promise<
    { readonly issued: Issued<Data>; readonly presented: string | undefined } | undefined
  >;
  /** Ends the old session, because the client has a token of the new one. A failure is logged. */
  retire(): Promise<void>;
  /**
   * Ends the old session and what has taken its place, and removes its cookie.
   *
   * @throws {StoreUnavailableError}
   */
  end(): Promise<void>;
}
