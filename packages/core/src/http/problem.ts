import { type InvalidDataError, isSessError, type SessErrorCode } from '../errors.js';
import { NO_STORE, type Reply } from './exchange.js';

/** The `code` member of problem bodies. Codes are stable. */
export type ProblemCode =
  // Errors of other packages bring their own reply.
  | Exclude<SessErrorCode, 'invalid_dpop_proof'>
  | 'invalid_request'
  | 'invalid_subject'
  | 'invalid_token'
  | 'insufficient_user_authentication'
  | 'access_denied'
  | 'device_required'
  | 'refresh_token_missing'
  | 'refresh_token_rejected'
  | 'method_not_allowed'
  | 'session_unusable'
  | 'not_found';

interface Kind {
  readonly status: number;
  readonly detail: string;
  /** The `WWW-Authenticate` header that goes with it (RFC 9110, section 11.6.1; RFC 6750, section 3). */
  readonly challenge?: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

// One body for tokens that are malformed, unknown, expired or revoked: the reason helps only an attacker.
const INVALID_TOKEN: Kind = {
  status: 401,
  detail: 'The access token is not accepted. Refresh the session, or sign in again.',
  challenge: 'Bearer error="invalid_token"',
};

const KINDS: Readonly<Record<ProblemCode, Kind>> = {
  session_required: {
    status: 401,
    detail: 'This needs a session. Send its access token as Authorization: Bearer.',
    challenge: 'Bearer',
  },
  invalid_request: {
    status: 400,
    detail: 'The credentials are not in the right form, or were sent more than once.',
    challenge: 'Bearer error="invalid_request"',
  },
  invalid_subject: { status: 400, detail: 'The name to sign in as is missing or not acceptable.' },
  invalid_token: INVALID_TOKEN,
  session_ended: INVALID_TOKEN,
  insufficient_user_authentication: {
    status: 401,
    detail: 'This needs a more recent sign-in. Authenticate again, then repeat the request.',
    challenge: 'Bearer error="insufficient_user_authentication"',
  },
  access_denied: { status: 403, detail: 'The session may not do this.' },
  device_required: { status: 403, detail: 'This needs a session that is bound to a device.' },
  refresh_token_missing: {
    status: 401,
    detail: 'There is no refresh token in the request. Sign in.',
    challenge: 'Bearer',
  },
  refresh_token_rejected: {
    status: 401,
    detail: 'The refresh token is not accepted. Sign in again.',
    challenge: 'Bearer error="invalid_token"',
  },
  cross_site_request: {
    status: 403,
    detail: 'The request comes from another site, which may not act on this session.',
  },
  method_not_allowed: {
    status: 405,
    detail: 'This path does not take that method. See the Allow header.',
  },
  session_unusable: {
    status: 500,
    detail:
      'The stored session does not fit the settings of the server. The fault is logged there.',
  },
  not_found: { status: 404, detail: 'There is no such session.' },
  store_unavailable: {
    status: 503,
    detail: 'Sessions cannot be looked up right now. Keep your credentials and try again.',
  },
  session_limit_reached: {
    status: 409,
    detail: 'There are too many sessions already. End one first.',
  },
  not_revocable: {
    status: 501,
    detail: 'Sessions of this kind cannot be ended before they expire.',
  },
  not_supported: { status: 501, detail: 'Sessions of this kind cannot do that.' },
  invalid_data: { status: 400, detail: 'The session data is not acceptable.' },
  data_too_large: { status: 413, detail: 'The session data is too large.' },
  cookie_too_large: { status: 500, detail: 'The session cookie would be too large.' },
  proof_too_old: {
    status: 401,
    detail: 'The sign-in took too long, or all sessions were ended in the meantime. Sign in again.',
    challenge: 'Bearer',
  },
};

/** Returns a problem body (RFC 9457) with its status and challenge. */
export function problemReply(
  code: ProblemCode,
  more: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly challenge?: string;
    readonly members?: Readonly<Record<string, unknown>>;
  } = {},
): Reply {
  const kind = KINDS[code];
  const challenge = more.challenge ?? kind.challenge;
  // One code for a session that ended during the request and for one that ended before it.
  const shown = code === 'session_ended' ? 'invalid_token' : code;
  return {
    status: kind.status,
    headers: {
      ...NO_STORE,
      'Content-Type': 'application/problem+json',
      ...(challenge === undefined ? {} : { 'WWW-Authenticate': challenge }),
      ...(code === 'store_unavailable' ? { 'Retry-After': '1' } : {}),
      ...more.headers,
    },
    body: JSON.stringify({
      title: TITLES[kind.status],
      status: kind.status,
      detail: kind.detail,
      code: shown,
      ...more.members,
    }),
  };
}

/** Returns the challenge for an authentication that is newer, or of another class (RFC 9470, section 3). */
export function stepUpReply({
  maxAgeMs,
  acr,
}: {
  readonly maxAgeMs: number | undefined;
  readonly acr: readonly string[] | undefined;
}): Reply {
  const members = {
    ...(acr === undefined ? {} : { acr_values: acr.join(' ') }),
    ...(maxAgeMs === undefined ? {} : { max_age: Math.floor(maxAgeMs / 1_000) }),
  };
  const parameters = Object.entries(members).map(([name, value]) =>
    typeof value === 'string' ? `${name}="${value}"` : `${name}=${value}`,
  );
  const challenge = ['Bearer error="insufficient_user_authentication"', ...parameters].join(', ');
  return problemReply('insufficient_user_authentication', { challenge, members });
}

/** Returns the reply to an error of this library, or `undefined` for other errors and for mistakes of the program. */
export function replyToError(error: unknown): Reply | undefined {
  if (!isSessError(error)) return undefined;
  const { code, reply } = error as typeof error & { readonly reply?: Reply };
  if (reply || !(code in KINDS)) return reply;
  // The user may have typed the subject. Every other misuse is the application's to handle.
  if (error.name === 'UsageError') {
    return code === 'invalid_subject' ? problemReply(code) : undefined;
  }
  // Paths only: the messages come from a schema library, and may quote the value.
  const { issues = [] } = error as Partial<InvalidDataError>;
  const members = issues.length > 0 ? { errors: issues.map(({ path }) => ({ path })) } : {};
  return problemReply(code as ProblemCode, { members });
}
