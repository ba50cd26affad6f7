import { createMistake, type Reply, replyToError } from '@sess/core/http';
import { type Context, type ErrorHandler, Hono } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';

/**
 * Creates the error handler for the library's errors: 503 if the store failed during the request, 401 if the session
 * ended during it, 400 for session data that was refused.
 *
 * ```ts
 * app.onError(sessionErrors((error, c) => c.json({ error: 'internal' }, 500)))
 * ```
 *
 * @param otherwise Handles all other errors. Default: the same as Hono without an error handler, which prints the
 *   error and responds with 500, or with the response of an `HTTPException`.
 */
export function sessionErrors(otherwise: ErrorHandler = respondAsHono): ErrorHandler {
  if (typeof otherwise !== 'function') {
    throw createMistake('invalid_argument', 'sessionErrors');
  }
  return (error, c) => {
    const reply = replyToError(error);
    return reply === undefined ? otherwise(error, c) : toResponse(c, reply);
  };
}

/** Returns a reply as a response; headers that were set on the context before stay. */
export function toResponse(c: Context, { status, headers, body }: Reply): Response {
  return c.newResponse(body ?? null, status as StatusCode, {
    ...headers,
    // Set here, so that HEAD has it too.
    ...(body === undefined ? {} : { 'Content-Length': `${new TextEncoder().encode(body).length}` }),
  });
}

/** Hono does not export its default handler, so an application without another one handles the error. */
async function respondAsHono(error: Error, c: Context): Promise<Response> {
  const plain = new Hono().all('*', () => {
    throw error;
  });
  const response = await plain.request('/');
  return c.newResponse(response.body, response);
}
