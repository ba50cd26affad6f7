/** A request, as a source reads it. */
export interface OldRequest {
  /** Returns the decoded value of a cookie; `undefined` if it is absent, or was sent twice. */
  cookie(name: string): string | undefined;
  /** Returns the decoded value of a cookie that may have been cut into `name.0`, `name.1` and so on. */
  chunkedCookie(name: string): string | undefined;
  /** The token of an `Authorization: Bearer` header, or the `refresh_token` of a body where tokens travel in bodies. */
  readonly token: string | undefined;
}

/** A live session of the old system. Times in epoch milliseconds. */
export interface OldSession<Old> {
  /** What the old system kept, for the functions of `adopt`. */
  readonly data: Old;
  /** When it ends. Default: unknown, and the new session lives as long as the engine's options have it. */
  readonly expiresAt?: number;
  /** When the user signed in. Default: unknown, and a guard with `authenticatedWithin` asks for a new proof. */
  readonly authenticatedAt?: number;
  /** `false`: its cookie ends with the browser session, and so does the new one. Default: `true`. */
  readonly persistent?: boolean;
}

/** The cookies of the old system, to be removed. */
export interface OldCookies {
  /** Their names; those of chunks (`name.0`) are found. */
  readonly names: readonly string[];
  /** As they were set. Default: `'/'`. */
  readonly path?: string;
  /** As they were set. Default: none. */
  readonly domain?: string;
}

/**
 * Where sessions of another system are read from. A credential is the text that identifies one session: a session id, a
 * sealed cookie, a refresh token.
 */
export interface AdoptSource<Old = unknown> {
  /** Enters the derivation, so that two sources never derive one session. Keep it for as long as sessions move. */
  readonly name: string;
  /** Default: none. */
  readonly cookies?: OldCookies;
  /**
   * Returns the credential of a request, or `undefined` if there is none, or it is forged. Called for each request, so
   * it reads and verifies text only.
   */
  read(request: OldRequest): string | undefined;
  /**
   * Returns the live session of a credential, and `undefined` if there is none. A rejection means that the old system
   * failed: the request gets a 503, or is anonymous with `onStoreError: 'anonymous'`.
   */
  load(credential: string): Promise<OldSession<Old> | undefined>;
  /** Ends a session; without effect if there is none. Absent if the old system keeps nothing on the server. */
  end?(credential: string): Promise<void>;
  /** Ends all sessions of a subject. Absent if the old system cannot find them. */
  endAll?(subject: string): Promise<void>;
}
