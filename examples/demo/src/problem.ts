import type { Reply } from '@sess/core/http';

/** The stable `code` of the demo's own problem bodies. The library has further ones. */
export type ProblemCode = keyof typeof KINDS;

const KINDS = {
  invalid_json: {
    status: 400,
    title: 'Bad Request',
    detail: 'The body must be one JSON object, in UTF-8.',
  },
  too_deep: {
    status: 400,
    title: 'Bad Request',
    detail: 'The body is nested deeper than 64 levels.',
  },
  body_incomplete: {
    status: 400,
    title: 'Bad Request',
    detail: 'The body ended before it was complete.',
  },
  invalid_user: {
    status: 400,
    title: 'Bad Request',
    detail: 'user must be a string of 1 to 512 characters, in well-formed Unicode.',
  },
  invalid_device: {
    status: 400,
    title: 'Bad Request',
    detail: 'device must be a string, or be left out.',
  },
  not_found: { status: 404, title: 'Not Found', detail: 'There is nothing at this path.' },
  method_not_allowed: {
    status: 405,
    title: 'Method Not Allowed',
    detail: 'This path does not take that method. See the Allow header.',
  },
  body_too_large: {
    status: 413,
    title: 'Content Too Large',
    detail: 'The body is over 100 kB.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported Media Type',
    detail:
      'The body must be sent as Content-Type: application/json, in UTF-8, and not compressed.',
  },
  internal_error: {
    status: 500,
    title: 'Internal Server Error',
    detail: 'Something went wrong here. It has been logged.',
  },
} as const;

/** Thrown if a request cannot be served. The response is a problem body. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;

  constructor(code: ProblemCode) {
    super(KINDS[code].detail);
    this.code = code;
  }
}

/** Returns a problem body (RFC 9457), with its members in the order of the library. */
export function problemReply(
  code: ProblemCode,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const { title, status, detail } = KINDS[code];
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify({ title, status, detail, code }),
  };
}

/**
 * Returns the reply to an error that the library did not handle. Unexpected errors are logged completely and are
 * not shown to the client.
 */
export function replyToFailure(error: unknown): Reply {
  if (error instanceof Problem) return problemReply(error.code);
  console.error(error);
  return problemReply('internal_error');
}
