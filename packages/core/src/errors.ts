/** What can go wrong at run time; stable, documented, and safe to branch on. */
export type SessErrorCode =
  | 'store_unavailable'
  | 'session_limit_reached'
  | 'session_ended'
  | 'session_required'
  | 'not_revocable'
  | 'not_supported'
  | 'invalid_data'
  | 'data_too_large'
  | 'cross_site_request'
  | 'cookie_too_large'
  | 'proof_too_old'
  | 'invalid_dpop_proof';

/** The codes of `UsageError`: mistakes of the calling program, thrown synchronously as a `TypeError`. */
export type UsageErrorCode =
  | 'invalid_option'
  | 'invalid_subject'
  | 'invalid_argument'
  | 'middleware_missing'
  | 'middleware_conflict'
  | 'answer_sent';

/**
 * The HTTP status that fits each code. Kept beside the codes because frameworks read `status` and
 * `statusCode` off any error that reaches their default handler.
 */
const STATUS_OF: Readonly<Partial<Record<SessErrorCode, number>>> = {
  store_unavailable: 503,
  session_limit_reached: 409,
  session_ended: 401,
  session_required: 401,
  not_revocable: 501,
  not_supported: 501,
  data_too_large: 413,
  cross_site_request: 403,
  cookie_too_large: 500,
  proof_too_old: 401,
};

/** Marks the library's errors. Registered, so that two copies of the package recognise each other's errors. */
const BRAND = Symbol.for('sess.error');

/** The base class of every run-time error of the library. Messages never hold a token or a digest. */
export class SessError extends Error {
  static {
    Object.defineProperty(SessError.prototype, BRAND, { value: true });
  }

  override readonly name: string = 'SessError';
  readonly code: SessErrorCode;
  /** The matching HTTP status; Express reads it from an unhandled error. */
  readonly status: number;
  /** The same number under the name that Fastify reads. */
  readonly statusCode: number;

  constructor(code: SessErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.status = STATUS_OF[code] ?? 400;
    this.statusCode = this.status;
  }
}

/**
 * Thrown when the store did not respond, failed, or could not settle a race. The validity of the presented credential
 * is unknown: respond with 503 and keep the cookie, so that the client can retry.
 */
export class StoreUnavailableError extends SessError {
  override readonly name: string = 'StoreUnavailableError';
  /** Headers of the response, as the default handlers of Express and Fastify read them. */
  readonly headers: Readonly<Record<string, string>> = { 'Retry-After': '1' };

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('store_unavailable', message, options);
  }
}

/** `create` was called for a subject that has `maxPerSubject` live sessions, and `onLimit` is `'reject'`. */
export class SessionLimitError extends SessError {
  override readonly name: string = 'SessionLimitError';

  constructor(limit: number) {
    super(
      'session_limit_reached',
      `The subject has ${limit} live sessions, its maxPerSubject. Revoke one first, or set onLimit: 'evict-oldest'.`,
    );
  }
}

/** Session data that is not JSON, is too deep or too large, or that the schema refuses. */
export class InvalidDataError extends SessError {
  override readonly name: string = 'InvalidDataError';
  /** The issues that the schema reported; empty when the data has the wrong shape. */
  readonly issues: readonly { readonly message: string; readonly path: string }[];

  constructor(
    message: string,
    options: {
      readonly code?: 'invalid_data' | 'data_too_large';
      readonly issues?: readonly { readonly message: string; readonly path: string }[];
      readonly cause?: unknown;
    } = {},
  ) {
    const { code = 'invalid_data', issues = [] } = options;
    super(code, message, 'cause' in options ? { cause: options.cause } : undefined);
    this.issues = issues;
  }
}

/** A caller's mistake: a wrong option or argument. Thrown at construction or at the call, never later. */
export class UsageError extends TypeError {
  static {
    Object.defineProperty(UsageError.prototype, BRAND, { value: true });
  }

  override readonly name: string = 'UsageError';
  readonly code: UsageErrorCode;
  /** The HTTP status that fits: 400 for a subject, which often is what a user typed, else 500. */
  readonly status: number;
  readonly statusCode: number;

  constructor(code: UsageErrorCode, message: string) {
    super(message);
    this.code = code;
    this.status = code === 'invalid_subject' ? 400 : 500;
    this.statusCode = this.status;
  }
}

/**
 * True if `error` is one of the library's own, with the given code if there is one. It works across copies of the
 * package, where `instanceof` does not.
 */
export function isSessError<Code extends SessErrorCode | UsageErrorCode>(
  error: unknown,
  code?: Code,
): error is (SessError | UsageError) & { readonly code: Code } {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as { readonly code?: unknown }).code === code;
}
