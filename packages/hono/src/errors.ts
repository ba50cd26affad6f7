import { replyToError } from '@sess/core/http';
import { type Context, type ErrorHandler, Hono } from 'hono';
import { toResponse } from './reply.js';

/**
 * Turns the library's errors into the answers that belong to them: a store that failed during the request
 * into 503, a session that ended meanwhile into 401, refused data into 400.
 *
 * ```ts
 * app.onError(sessionErrors((error, c) => c.json({ error: 'internal' }, 500)))
 * ```
 *
 * @param otherwise answers all other errors. Default: what Hono does by itself, which is to print the error and
 *   to answer 500, or what an `HTTPException` says
 */
export function sessionErrors(otherwise: ErrorHandler = answerAsHono): ErrorHandler {
  return (error, c) => {
    const reply = replyToError(error);
    return reply === undefined ? otherwise(error, c) : toResponse(c, reply);
  };
}

/** Hono does not hand out its own handler, so an application without another one is asked. */
async function answerAsHono(error: Error, c: Context): Promise<Response> {
  const plain = new Hono().all('*', () => {
    throw error;
  });
  const response = await plain.request('/');
  return c.newResponse(response.body, response);
}
