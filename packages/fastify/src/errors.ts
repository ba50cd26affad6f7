import { createMistake, replyToError } from '@sess/core/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendReply } from './exchange.js';

/** An error handler of the application, as `setErrorHandler` takes it. */
export type ErrorHandler<Request = FastifyRequest, Reply = FastifyReply> = (
  this: FastifyInstance,
  error: unknown,
  request: Request,
  reply: Reply,
) => unknown;

/**
 * Creates the error handler for the library's errors: 503 if the store failed during the request, 401 if the session
 * ended during it, 400 for session data that was refused. Other errors go to `others`, or else to the handler of the
 * next scope. Without it, Fastify responds with the same status and another body.
 *
 * ```ts
 * app.setErrorHandler(sessionErrors())
 * app.setErrorHandler(sessionErrors((error, request, reply) => …))
 * ```
 */
export function sessionErrors(): (
  error: unknown,
  request: object,
  reply: object,
) => Promise<unknown>;
export function sessionErrors<Request = FastifyRequest, Reply = FastifyReply>(
  others: ErrorHandler<Request, Reply>,
): (error: unknown, request: Request, reply: Reply) => Promise<unknown>;
export function sessionErrors(
  others?: ErrorHandler,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  if (others !== undefined && typeof others !== 'function') {
    throw createMistake('invalid_argument', 'sessionErrors');
  }
  // Asynchronous, because Fastify sends a thrown value that is not an Error as the body of a 200.
  return async function (this: unknown, error, request, reply) {
    const answer = replyToError(error);
    if (answer !== undefined && !reply.raw.headersSent) return sendReply(reply, answer);
    if (others !== undefined) return others.call(this as FastifyInstance, error, request, reply);
    throw error;
  };
}
