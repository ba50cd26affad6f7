import type { CreateInput, ElevateInput, GuestPatch } from '../engine.js';
import type { Guest, Issued, RegisteredData, RegisteredOnce, Session } from '../types.js';
import { hideTokens } from '../util/logger.js';
import type { Duration } from '../util/options.js';
import type { TrustedOrigins } from './csrf.js';

/** A successful response with tokens, in the form of RFC 6749, section 5.1. Inspecting it shows no token. */
export interface TokenResponse {
  /** For the `Authorization` header of later requests. */
  readonly access_token: string;
  /** `DPoP` if the session is bound to a key that the client proves (RFC 9449), else `Bearer` (RFC 6750). */
  readonly token_type: 'Bearer' | 'DPoP';
  /** Whole seconds from now, rounded down; never beyond the session's end. */
  readonly expires_in: number;
  /** Only with `refreshTransport: 'body'`. */
  readonly refresh_token?: string;
}

/** What applies to one sign-in. */
export interface StartOptions {
  /**
   * Origins whose pages may send this sign-in, beside those of `csrf.origins`: an identity provider that returns by a POST
   * (OAuth `response_mode=form_post`, SAML). Nothing else is opened to them. Default: none. Check the `state` that the
   * provider returns first: it shows that the browser began the sign-in.
   */
  readonly origins?: TrustedOrigins;
}

/** The input of `start`. */
export type StartInput<Data extends object = RegisteredData> = CreateInput<Data> & {
  /** Names of a guest's data that go over to the session, in place of those in `data`. Default: none. */
  readonly keep?: readonly (keyof Data & string)[];
};

/** What is kept for a visitor who has not signed in: a cart, a language. */
export interface RequestGuest<Data extends object = RegisteredData> {
  /** The data of the request's guest, frozen. `{}` if there is none. */
  readonly data: Readonly<Partial<Data>>;
  /**
   * Merges `patch` into the guest's data, or replaces the data by the result of the function. A request without a guest
   * gets one, and its cookie. It ends after an hour without use.
   *
   * @throws {UsageError} `invalid_argument` if the request has a session: that has its own `update`
   * @throws {InvalidDataError} if the schema refuses a value; names may be missing
   * @throws {SessError} as `put`
   */
  update(patch: GuestPatch<Data>): Promise<Guest<Data>>;
}

/** The session of one request, and what the request can do to it: `req.sessions`, `c.var.sessions`. */
export interface RequestSession<Data extends object = RegisteredData> {
  /**
   * The session of the request's access token, or `null`. Frozen: change it with `update`. It changes with `start`,
   * `end`, `update` and `elevate`.
   */
  readonly session: Session<Data> | null;
  /**
   * What is kept before the sign-in. It never counts as a session: `session` is `null`, and guards refuse the request.
   * Guests need a cookie, so `transport` has to be `'cookie'` or `'both'`.
   */
  readonly guest: RequestGuest<Data>;
  /**
   * Keeps a value until it is taken: a message for the next page, the `state` of a sign-in elsewhere, a challenge. It
   * belongs to the session, or else to the guest; a request without either gets a guest, and its cookie. It survives a
   * sign-in, `elevate` and renewals.
   *
   * @param value any JSON. All values of a session have at most 4,096 characters; of 16 values, the oldest makes room
   * @param ttl at most `'1d'`. Default: `'10m'`
   * @throws {UsageError} `invalid_argument`, `invalid_option`
   * @throws {InvalidDataError} `invalid_data` (400), `data_too_large` (413)
   * @throws {SessError} `session_ended` (401) if the session or the guest ended during the request, also by `end`
   * @throws {SessError} `cross_site_request` (403) if a page of another site would have the cookie replaced
   * @throws {SessError} `not_supported` (501) where a guest would be needed and there is no cookie transport, for a request
   *   that opens a WebSocket, and with a stateless engine
   */
  put<Name extends keyof RegisteredOnce & string>(
    name: Name,
    value: RegisteredOnce[Name],
    ttl?: Duration,
  ): Promise<void>;
  /**
   * Takes a value: returns and removes it. Of two requests at the same time, one gets it and the other `undefined`.
   *
   * @param name may come from the request
   */
  take<Name extends keyof RegisteredOnce & string>(
    name: Name,
  ): Promise<RegisteredOnce[Name] | undefined>;
  /**
   * Signs in: starts a session, sets the refresh cookie and returns the body for the client. Afterwards it ends the
   * session or the guest of the tokens that the request carries; a sign-in that is refused changes nothing. The device is
   * filled in from the request. One-time values of the guest go over to the session, as do its data named by `keep`.
   *
   * @throws {SessError} `cross_site_request` (403) if a page of another site sent the request
   * @throws {SessError} the errors of `create`
   * @throws {UsageError} `invalid_argument` (500) if the subject is not a string, `invalid_option` (500)
   */
  start(input: StartInput<Data>, options?: StartOptions): Promise<TokenResponse>;
  /**
   * Signs out: ends the sessions of the tokens that the request carries, and clears the refresh cookie.
   *
   * @throws {SessError} `cross_site_request` (403)
   */
  end(): Promise<void>;
  /**
   * Returns the session as the store has it now. If the store verified the access token, that is `session`; if the
   * token's claims did, `session` is as old as the token and has no `device`, and this loads the session.
   *
   * @throws {SessError} `session_ended` (401), `session_required` (401)
   */
  current(): Promise<Session<Data>>;
  /**
   * Merges `patch` into the session's data, or replaces the data by the result of the function.
   *
   * @throws {SessError} `session_ended` (401) if the session ended during the request, `session_required` (401)
   * @throws {InvalidDataError}
   */
  update(patch: Partial<Data> | ((data: Readonly<Data>) => Data)): Promise<Session<Data>>;
  /**
   * Returns the user's live sessions, oldest first, for a page of devices. `isCurrent` marks the one of this request.
   *
   * @throws {SessError} `session_ended` (401), `session_required` (401)
   */
  list(): Promise<readonly (Session<Data> & { readonly isCurrent: boolean })[]>;
  /**
   * Ends one of the user's sessions. Returns `false` if the user has no such session.
   *
   * @throws {SessError} `cross_site_request` (403), `session_ended` (401), `session_required` (401)
   */
  revoke(sid: string): Promise<boolean>;
  /** Ends the user's other sessions. Returns how many. @throws {SessError} as `revoke` */
  endOthers(): Promise<number>;
  /** Ends all of the user's sessions, and clears the cookie. Returns how many. @throws {SessError} as `revoke` */
  endAll(): Promise<number>;
  /**
   * Issues new tokens after the user has authenticated again, with the proof and the data that are given. Requests under
   * way with the earlier tokens succeed, without what the new ones prove: see `Sessions.elevate`.
   *
   * @throws {SessError} `session_ended` (401), `session_required` (401)
   * @throws {InvalidDataError}
   */
  elevate(given?: ElevateInput<Data>): Promise<TokenResponse>;
}

/** Returns the body for the client; the refresh token is in it only if there is no cookie for it. */
export function toTokenResponse(issued: Issued<object>, withRefreshToken: boolean): TokenResponse {
  return hideTokens({
    access_token: issued.accessToken,
    token_type: 'Bearer',
    expires_in: wholeSeconds(issued.accessTokenExpiresAt - issued.issuedAt),
    ...(withRefreshToken ? { refresh_token: issued.refreshToken } : {}),
  });
}

/** Rounded down, so that clients never use an expired token. */
export function wholeSeconds(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / 1_000));
}
