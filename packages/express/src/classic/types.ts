/**
 * The members of `req.session`, named by the application:
 *
 * ```ts
 * declare module '@sess/express/classic' {
 *   interface SessionData { cart: string[] }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: the application fills it by declaration merging
export interface SessionData {}

/** The data that `subject` reads. The member of Passport is there unless the application declares another one. */
export type SubjectData = Partial<SessionData> &
  (SessionData extends { passport: unknown }
    ? unknown
    : { readonly passport?: { readonly user?: string } });

/** Called when the work is done, with an error if it failed. */
export type SessionCallback = (error?: unknown) => void;

/** The cookie of a session. Its lifetime can be changed until the sign-in is stored; its attributes are those of the options. */
export interface Cookie {
  /** Milliseconds, or not a number for a cookie that ends with the browser session. */
  originalMaxAge: number | null | false | undefined;
  /** Milliseconds until the session ends if nothing more happens. Set it to change the lifetime. */
  maxAge: number | null | false | undefined;
  /** The same as a date. `false` or `null` is a cookie that ends with the browser session. */
  expires: Date | null | false | undefined;
  readonly secure: boolean;
  readonly httpOnly: true;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly path: string;
  readonly domain: undefined;
  readonly partitioned: boolean;
}

/**
 * `req.session`: the members of the application, and these. Without a callback, a method returns a promise. Changes are
 * stored before the response ends; `save` is needed only to have them stored earlier.
 */
export interface Session {
  /** The public id, safe to log. It changes at a sign-in, a sign-out and `regenerate`. */
  readonly id: string;
  cookie: Cookie;
  /**
   * Stores the changes now.
   *
   * @throws {SessError} `session_ended` (401) if the session ended during the request
   * @throws {InvalidDataError} `invalid_data` (400), `data_too_large` (413)
   * @throws {StoreUnavailableError} `store_unavailable` (503)
   */
  save(callback: SessionCallback): this;
  save(): Promise<void>;
  /** Ends the session; `req.session` is an empty one afterwards. @throws as `save` */
  regenerate(callback: SessionCallback): this;
  regenerate(): Promise<void>;
  /** Signs out: ends the session; `req.session` is `undefined`. @throws as `save` */
  destroy(callback: SessionCallback): this;
  destroy(): Promise<void>;
  /** Replaces `req.session` by what the store has. Changes that are not stored are dropped. @throws as `save` */
  reload(callback: SessionCallback): this;
  reload(): Promise<void>;
  /** Does nothing but return the session: a session that is in use lives on by itself. */
  touch(): this;
  /** Sets `cookie.maxAge` to `cookie.originalMaxAge`. */
  resetMaxAge(): this;
}
