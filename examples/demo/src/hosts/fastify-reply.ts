import type { Reply } from '@sess/core/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { replyToFailure } from '../problem.js';

/** Sends a reply unchanged. Fastify would add a charset to JSON that is given as text. */
export function send(reply: FastifyReply, { status, headers, body = '' }: Reply): FastifyReply {
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

/** The error handler behind `sessionErrors()`. */
export function errors(
  error: unknown,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return send(reply, replyToFailure(error));
}
