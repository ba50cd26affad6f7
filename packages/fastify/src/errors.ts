import { replyToError } from '@sess/core/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendReply } from './exchange.js';

/** An error handler as `setErrorHandler` takes it. */
export type ErrorHandler<Request = FastifyRequest, Reply = FastifyReply> = (
  this: FastifyInstance,
  error: unknown,
  request: Request,
  reply: Reply,
) => unknown;

/**
 * An error handler that turns the library's errors into the answers that belong to them: a store that failed
 * during the request into 503, a session that ended meanwhile into 401, refused data into 400. Other errors go to
 * the handler given, else to the next scope's.
 *
 * ```ts
 * app.setErrorHandler(sessionErrors())
 * app.setErrorHandler(sessionErrors((error, request, reply) => …))
 * ```
 *
 * Without it Fastify answers the same statuses in a form of its own.
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
  // Asynchronous for what is thrown and is no Error: thrown on from here it would become the body of a 200.
  return async function (this: unknown, error, request, reply) {
    const answer = replyToError(error);
    if (answer !== undefined && !reply.raw.headersSent) return sendReply(reply, answer);
    if (others !== undefined) return others.call(this as FastifyInstance, error, request, reply);
    throw error;
  };
}
