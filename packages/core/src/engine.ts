import type { EventListener, RevokeOptions, SessionEvent } from './events.js';
import type {
  Device,
  Guest,
  Issued,
  IssuedGuest,
  OneTimeValue,
  PresentResult,
  RefreshResult,
  RegisteredData,
  RegisteredOnce,
  Session,
  VerifyResult,
} from './types.js';
import type { Clock } from './util/clock.js';
import type { Logger } from './util/logger.js';
import type { Duration } from './util/options.js';

/** How a user proved who they are. Part of the session until the next `elevate`. */
export interface Authentication {
  /**
   * The authentication context class: a name that guards can require (RFC 9470), such as `'urn:example:two-factor'`. 1 to
   * 128 printable ASCII characters without space, quote and backslash. Default: none.
   */
  readonly acr?: string;
  /** The authentication methods, such as `['pwd', 'otp']` (RFC 8176). At most 16. Default: none. */
  readonly amr?: readonly string[];
}

/** What a re-authentication changes beside the tokens. Without lifetimes, those of the session stay. */
export interface ElevateInput<Data extends object = RegisteredData>
  extends Authentication,
    Lifetimes {
  /** A patch as for `update`, written together with the tokens or not at all. Default: the data stays. */
  readonly data?: Partial<Data> | ((data: Readonly<Data>) => Data);
}

/** How long a session lives, where that is not as the engine's options have it. Kept with the session. */
export interface Lifetimes {
  /** The session ends if it was not refreshed for this long. Default: the engine's. At most `'400d'`. */
  readonly idleTtl?: Duration;
  /**
   * The session ends this long after the sign-in, or after the newest `elevate`, even if it is in use. Default: the
   * engine's.
   */
  readonly absoluteTtl?: Duration;
  /**
   * `false`: the cookie ends with the browser session, and the idle time is at most 24 hours, because a browser that
   * restores its tabs keeps such cookies. Default: `true`.
   */
  readonly remember?: boolean;
}

/** The input of `create`. The data may be left out only if its type allows `{}`. */
export type CreateInput<Data extends object = RegisteredData> = {
  /** The user's id: any well-formed string of 1 to 512 UTF-16 units. It never becomes part of a store key. */
  readonly subject: string;
  readonly device?: Device;
  /**
   * When the user proved who they are, in epoch milliseconds of `sessions.clock`, read before the password is checked.
   * The sign-in is refused if all sessions of the subject were revoked after it, as at a change of the password.
   */
  readonly provenAt?: number;
} & Authentication &
  Lifetimes &
  (Record<never, never> extends Data ? InitialData<Data> : Required<InitialData<Data>>);

/** A change of a guest's data: names to merge, or a function of the data so far. */
export type GuestPatch<Data extends object = RegisteredData> =
  | Partial<Data>
  | ((data: Readonly<Partial<Data>>) => Partial<Data>);

interface InitialData<Data extends object> {
  /** The session's first data; must be JSON. Default: `{}`. */
  readonly data?: Data;
}

/** The credentials that a request came with. */
export interface PresentedTokens {
  /** Any value, as a request has it; not a string: ignored. */
  readonly accessToken?: unknown;
  /** Any value, as a request has it; not a string: ignored. */
  readonly refreshToken?: unknown;
}

/** The session engine. Every method may throw `StoreUnavailableError`; hostile input is a result instead. */
export interface Sessions<Data extends object = RegisteredData> {
  /**
   * Starts a session.
   *
   * @param options.replaces the tokens of the request. Their session ends when the new one is stored, and does not count
   *   for the limit. A sign-in that is refused or fails leaves it alive. One-time values of a guest, and of an earlier
   *   session of the subject, go over to the new session.
   * @param options.keep names of data that go over from the guest among `replaces`, in place of those in `input.data`.
   *   If they do not fit the schema, a warning is logged and they are left out.
   * @throws {UsageError} invalid_subject, invalid_argument; invalid_option if a lifetime is wrong
   * @throws {InvalidDataError} invalid_data, data_too_large
   * @throws {SessionLimitError} session_limit_reached with `onLimit: 'reject'`
   * @throws {SessError} proof_too_old if `provenAt` is more than 15 minutes ago, or before a `revokeAll`
   */
  create(
    input: CreateInput<Data>,
    options?: {
      readonly replaces?: PresentedTokens;
      readonly keep?: readonly (keyof Data & string)[];
    },
  ): Promise<Issued<Data>>;
  /**
   * Starts a guest: a visitor who has not signed in, for whom data or one-time values are kept. It ends after an hour
   * without use, and when `create` replaces it. Guests cause none of the events `created`, `refreshed`, `revoked`, `reuse`.
   *
   * @throws {UsageError} invalid_argument, invalid_option
   * @throws {InvalidDataError} invalid_data, data_too_large
   * @throws {SessError} not_supported without a store
   */
  createGuest(given?: {
    /** Values are validated by the schema; names may be missing. Default: `{}`. */
    readonly data?: Partial<Data>;
    /** A first one-time value. Default: none. */
    readonly put?: OneTimeValue;
    /** An id that was named before the guest is stored: 24 random bytes in base64url. Default: a new one. */
    readonly sid?: string;
  }): Promise<IssuedGuest<Data>>;
  /** `update` for the data of a guest. Returns `undefined` if there is no such guest. @throws as `createGuest` */
  updateGuest(sid: string, patch: GuestPatch<Data>): Promise<Guest<Data> | undefined>;
  /**
   * Keeps a value in a session or a guest until it is taken or its time is over. At most 16 values with 4,096 characters
   * of JSON in all: the oldest make room. Returns `false` if there is no such session or guest.
   *
   * @throws {UsageError} invalid_argument, invalid_option
   * @throws {InvalidDataError} invalid_data, data_too_large
   * @throws {SessError} not_supported without a store
   */
  put<Name extends keyof RegisteredOnce>(sid: string, given: OneTimeValue<Name>): Promise<boolean>;
  /**
   * Takes a value: returns and removes it, in one write. Of all concurrent calls, in any process, one gets the value and
   * the others `undefined`.
   *
   * @param name may come from a request: an unknown or unsuitable one gets `undefined`
   * @throws {SessError} not_supported without a store
   */
  take<Name extends keyof RegisteredOnce>(
    sid: string,
    name: Name,
  ): Promise<RegisteredOnce[Name] | undefined>;
  /**
   * Returns the session of an access token, synchronously if its record is cached, otherwise as a promise. Reasons:
   * `malformed`, `unknown`, `expired`, `revoked`.
   */
  verify(accessToken: unknown): VerifyResult<Data> | Promise<VerifyResult<Data>>;
  /** `verify` for the value of an `Authorization` header (RFC 6750, section 2.1). */
  authenticate(
    authorization: string | null | undefined,
  ): VerifyResult<Data> | Promise<VerifyResult<Data>>;
  /**
   * Rotates a refresh token (RFC 9700, section 4.14.2). Idempotent: every concurrent or repeated call
   * with one token gets the same successor. Reasons: `malformed`, `unknown`, `expired`, `reused`, and `revoked` if
   * `onRefresh` refused.
   *
   * @param options.isCookie the token is also the session cookie of pages, as for `present`: it rotates at the age of
   *   `renewAfter` only, and a spent one gets an access token for `overlap`. Default: `false`
   * @throws {StoreUnavailableError} store_unavailable also if the stored data does not fit the claims of this version
   */
  refresh(
    refreshToken: unknown,
    options?: { readonly isCookie?: boolean },
  ): Promise<RefreshResult<Data>>;
  /**
   * Returns the session of a refresh token that a browser presents as its cookie: one read and no write, synchronously
   * if its record is cached. A cookie older than `renewAfter` is renewed; all parallel requests get the same renewal,
   * without an access token. A spent one is accepted for `overlap`, and is reuse after that. Reasons as of `refresh`, and
   * `guest` with the guest for a visitor who has not signed in.
   *
   * @param options.canRenew `false` if the response cannot set a cookie: then nothing is renewed or written
   */
  present(
    refreshToken: unknown,
    options: { readonly canRenew: boolean },
  ): PresentResult<Data> | Promise<PresentResult<Data>>;
  /**
   * Merges `patch` into the data (one level deep; a key set to `undefined` is removed), or replaces it by what the
   * function returns. The function may be called again when another write came first. Returns the session after the
   * change, `undefined` if there is none: a write never brings one back.
   *
   * @throws {InvalidDataError} invalid_data, data_too_large
   * @throws {SessError} not_supported without a store
   */
  update(
    sid: string,
    patch: Partial<Data> | ((data: Readonly<Data>) => Data),
  ): Promise<Session<Data> | undefined>;
  /**
   * Renews a session after a re-authentication: it gets new tokens, `authenticatedAt` is now, `acr` and `amr` are those
   * given or absent, and both deadlines start again. Until a new token has been presented, and at most for `overlap`,
   * the earlier ones are accepted for single requests, which show the earlier `authenticatedAt`, `acr` and `amr`:
   * requests in flight, a second click and a lost response do not end a sign-in. After that they are rejected. Signed access
   * tokens are rejected from the start. A stateless engine needs the session that `verify` returned; for others its
   * `sid` is enough. Returns `undefined` if there is no such session (NIST SP 800-63B-4, section 5.2).
   *
   * @throws {UsageError} invalid_option if `acr` or `amr` is not of the form
   * @throws {InvalidDataError} invalid_data, data_too_large
   */
  elevate(
    session: string | Session<Data>,
    given?: ElevateInput<Data>,
  ): Promise<Issued<Data> | undefined>;
  /**
   * Updates all live sessions of a subject, one write each, as after a change of roles. Returns how many were updated; a
   * session that starts during the call may be missing.
   *
   * @throws as `update`
   */
  updateAll(
    subject: string,
    patch: Partial<Data> | ((data: Readonly<Data>) => Data),
  ): Promise<number>;
  /** Returns a live session as the store has it, without changing it; `undefined` if there is none. */
  get(sid: string): Promise<Session<Data> | undefined>;
  /** Returns the subject's live sessions, oldest first. @throws {UsageError} invalid_subject */
  list(subject: string): Promise<Session<Data>[]>;
  /** Ends a session: no token of it works any longer. Returns `false` if there was none. */
  revoke(sid: string, options?: RevokeOptions): Promise<boolean>;
  /**
   * Ends all sessions of a subject, in one write. Returns how many were ended. Sign-ins whose `provenAt` is before it are
   * refused for 15 minutes.
   *
   * @param options.except the `sid` of a session that stays. Default: none
   * @throws {UsageError} invalid_subject, invalid_option
   */
  revokeAll(subject: string, options?: { readonly except?: string }): Promise<number>;
  /**
   * Ends the access tokens of a subject, not its sessions: clients refresh, and get tokens with current claims. Use it
   * after a change of roles. Without effect if tokens are looked up, because `verify` returns current data then.
   *
   * @throws {SessError} not_revocable if tokens live until they expire, not_supported without a store
   */
  expireAccess(subject: string): Promise<void>;
  /**
   * Ends the sessions that genuine tokens belong to, as a logout does. An expired token is enough. A forged or unknown
   * one ends nothing. Returns `false` if nothing was ended.
   */
  end(tokens: PresentedTokens): Promise<boolean>;
  /** Calls `listener` at each such event. Returns a function that removes the listener. */
  on<Name extends keyof SessionEvent>(name: Name, listener: EventListener<Name>): () => void;
  /**
   * The kind of engine. `'stored'`: `verify` returns the session of the store. `'signed'`: it returns the session as the
   * token contains it; `get` returns the current one. `'stateless'`: there is no store, and a live access token is
   * exchanged for the next one instead of a refresh token.
   */
  readonly kind: 'stored' | 'signed' | 'stateless';
  /** The public keys of its tokens as a JWK Set (RFC 7517, section 5); absent when there are none to publish. */
  publicKeys?(): Promise<{ readonly keys: readonly object[] }>;
  /** The engine's logger, which redacts tokens; adapters log with it. */
  readonly logger: Logger;
  /** The engine's time: the local clock, corrected by the store's. */
  readonly clock: Clock;
  /** Resolves when the store responds; for health checks. */
  ready(): Promise<void>;
  /** Releases the store. */
  close(): Promise<void>;
}
