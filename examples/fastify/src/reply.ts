import type { Reply } from '@sess/core/http';
import { replyToFailure } from '@sess/example-common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Sends an answer as it is: to text that is JSON Fastify would add a charset. */
export function send(reply: FastifyReply, { status, headers, body = '' }: Reply): FastifyReply {
  return reply.code(status).headers(headers).send(Buffer.from(body));
}

/** Answers what no other handler has. */
export function errors(
  error: unknown,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  return send(reply, replyToFailure(error));
}
