import type { Duration } from './util/options.js';

/**
 * Where an application names the type of its session data, once, for `req.session` and every other typed session:
 *
 * ```ts
 * declare module '@sess/core' {
 *   interface Register { data: { handle: string } }
 * }
 * ```
 *
 * A member `once` names the types of one-time values: `once: { flash: string }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the application fills it by declaration merging
export interface Register {}

/** The registered data type, or an open object when none is registered. */
export type RegisteredData = Register extends { data: infer Data extends object }
  ? Data
  : Record<string, unknown>;

/** The registered types of one-time values by name, or any JSON under any name when none are registered. */
export type RegisteredOnce = Register extends { once: infer Once extends object }
  ? Once
  : Record<string, unknown>;

/** A value that is taken once: a message for the next page, the `state` of a sign-in elsewhere, a challenge. */
export type OneTimeValue<Name extends keyof RegisteredOnce = keyof RegisteredOnce> = {
  readonly [Key in Name]: {
    /** At most 64 characters. A value under the same name is replaced. */
    readonly name: Key;
    /** Any JSON. */
    readonly value: RegisteredOnce[Key];
    /** How long it can be taken, at most `'1d'`. It ends with the session in any case. Default: `'10m'`. */
    readonly ttl?: Duration;
  };
}[Name];

/** Where a session was started from, as shown in a list of devices. All of it is the client's word. */
export interface Device {
  /** The `User-Agent` header, cut to 512 characters. */
  readonly userAgent?: string;
  /** The client's address under the framework's trust-proxy rules. */
  readonly ip?: string;
  /** A name that the application or the user gave, cut to 128 characters. */
  readonly label?: string;
}

/** What is public about a live session. It holds no credential. Times are epoch milliseconds. */
export interface Session<Data extends object = RegisteredData> {
  /** The public id: 32 characters, safe to log and to show, worthless as a credential. */
  readonly sid: string;
  /** Whose session it is: the string given to `create`. */
  readonly subject: string;
  /** The application's data, frozen; change it with `update`. */
  readonly data: Readonly<Data>;
  /** Where it was started from; empty where the session was read from a signed token. */
  readonly device: Device;
  /** When the user signed in. */
  readonly createdAt: number;
  /** When the user last proved who they are: `create`, or the newest `elevate`. */
  readonly authenticatedAt: number;
  /** When the session was last refreshed; verifying does not move it. */
  readonly lastUsedAt: number;
  /** When it ends if nothing more happens: the nearer of the idle and the absolute deadline. */
  readonly expiresAt: number;
  /** The authentication context class that the newest `create` or `elevate` named. */
  readonly acr?: string;
  /** The authentication methods that it named. */
  readonly amr?: readonly string[];
  /** The key without which its tokens are worthless, by `@sess/bound`. Absent: none. */
  readonly binding?: SessionBinding;
}

/** What a session is bound to. */
export interface SessionBinding {
  /** `'dbsc'`: a key of the browser. `'dpop'`: a key that the client proves in each request (RFC 9449). */
  readonly kind: 'dbsc' | 'dpop';
  /** The thumbprint of the key (RFC 7638); with `'dpop'` only. */
  readonly jkt?: string;
}

/**
 * A visitor who has not signed in, and what the application keeps for them. It is no session: guards refuse it, it has no
 * access token, and no list shows it.
 */
export interface Guest<Data extends object = RegisteredData> {
  /** The public id of the guest: 32 characters, worthless as a credential. */
  readonly sid: string;
  /** What was kept so far, frozen. */
  readonly data: Readonly<Partial<Data>>;
  /** Epoch milliseconds, store time. */
  readonly createdAt: number;
  /** When it ends if nothing more happens: an hour after it was created or its cookie was renewed. */
  readonly expiresAt: number;
}

/** A guest together with the token that was issued for it. Inspecting it shows no token. */
export interface IssuedGuest<Data extends object = RegisteredData> {
  /** The guest as it is after the call. */
  readonly guest: Guest<Data>;
  /** For the refresh cookie, and for `present`. */
  readonly refreshToken: string;
  /** Epoch milliseconds, store time. */
  readonly issuedAt: number;
}

/** A session together with the tokens that were just issued for it. Inspecting it shows no token. */
export interface Issued<Data extends object = RegisteredData> {
  /** The session as it is after the call. */
  readonly session: Session<Data>;
  /** For the `Authorization: Bearer` header. */
  readonly accessToken: string;
  /** Epoch milliseconds; never beyond the session's own end. */
  readonly accessTokenExpiresAt: number;
  /**
   * The token for `refresh`, to be kept in the refresh cookie or in the secure storage of the device. A stateless engine
   * has no separate one and returns the access token here.
   */
  readonly refreshToken: string;
  /** The store's time of this result, epoch milliseconds: `expires_in` counts from it. */
  readonly issuedAt: number;
  /** `false`: a sign-in with `remember: false`, whose cookie has no `Max-Age`. Absent: `true`. */
  readonly persistent?: boolean;
}

/**
 * Why a credential was not accepted.
 * - `malformed`: not of the token's form; no store was asked
 * - `unknown`: never issued, or its session is gone
 * - `expired`: it, or its session, has run out
 * - `reused`: a refresh token that was spent before; the session has been ended
 * - `revoked`: named by a denylist
 * - `unbound`: without a proof of the key that the session is bound to
 */
export type RejectionReason =
  | 'malformed'
  | 'unknown'
  | 'expired'
  | 'reused'
  | 'revoked'
  | 'unbound';

/** A credential that was not accepted. */
export type Rejected = { readonly ok: false; readonly reason: RejectionReason };

/** The result of `verify` and `authenticate`: the live session, or why the access token was not accepted. */
export type VerifyResult<Data extends object = RegisteredData> =
  | { readonly ok: true; readonly session: Session<Data> }
  | Rejected;

/** The result of `refresh`: new tokens of the session, or why the refresh token was not accepted. */
export type RefreshResult<Data extends object = RegisteredData> =
  | ({ readonly ok: true } & Issued<Data>)
  | Rejected;

/** The outcome for a refresh token that was presented as a session cookie. */
export type PresentResult<Data extends object = RegisteredData> =
  | {
      readonly ok: true;
      readonly session: Session<Data>;
      /** A cookie that replaces that of the client. Inspecting it shows no token. */
      readonly renewal?: Pick<Issued<Data>, 'refreshToken' | 'issuedAt' | 'persistent'>;
    }
  /** The cookie of a visitor who has not signed in. */
  | {
      readonly ok: false;
      readonly reason: 'guest';
      readonly guest: Guest<Data>;
      readonly renewal?: { readonly refreshToken: string; readonly issuedAt: number };
    }
  | Rejected;
