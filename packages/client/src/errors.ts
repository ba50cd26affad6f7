/** An answer of a session route that is neither success nor the end of the session. */
export class SessionClientError extends Error {
  override readonly name = 'SessionClientError';
  /** The HTTP status. */
  readonly status: number;
  /** The stable `code` of the problem body, such as `store_unavailable`, if it had one. */
  readonly code: string | undefined;
  /** The answer itself, its body not read yet. */
  readonly response: Response;

  constructor(response: Response, code: string | undefined) {
    super(
      `The session route answered ${response.status}${code === undefined ? '' : ` (${code})`}.`,
    );
    this.status = response.status;
    this.code = code;
    this.response = response;
  }
}

/** The `code` of a problem body (RFC 9457), without using the body up. */
export async function readCode(response: Response): Promise<string | undefined> {
  try {
    const { code } = (await response.clone().json()) as { readonly code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    // No JSON: an answer of something in between, which says nothing of the session.
    return undefined;
  }
}

/** Whether the server is just not up to it for the moment: it may be asked again. */
export function isPassing({ status }: SessionClientError): boolean {
  return status >= 500 || status === 429;
}
