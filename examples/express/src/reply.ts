import type { Reply } from '@sess/core/http';
import { replyToFailure } from '@sess/example-common';
import type { ErrorRequestHandler, Response } from 'express';

/** Sends an answer as it is: `res.send()` would add a charset to the type of a problem body. */
export function send(res: Response, { status, headers, body = '' }: Reply): void {
  res
    .status(status)
    .set(headers)
    .set('Content-Length', `${Buffer.byteLength(body)}`)
    .end(body);
}

/** Answers what no other handler has. Express recognises an error handler by its four parameters. */
export const errors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const reply = replyToFailure(error);
  // Half an answer cannot be taken back: Express ends the connection.
  if (res.headersSent) next(error);
  else send(res, reply);
};
