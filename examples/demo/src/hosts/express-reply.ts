import type { Reply } from '@sess/core/http';
import type { ErrorRequestHandler, Response } from 'express';
import { replyToFailure } from '../problem.js';

/** Sends a reply unchanged. `res.send()` would add a charset to the media type of a problem body. */
export function send(res: Response, { status, headers, body = '' }: Reply): void {
  res
    .status(status)
    .set(headers)
    .set('Content-Length', `${Buffer.byteLength(body)}`)
    .end(body);
}

/** The last error handler. Express recognises it by its four parameters. */
export const errors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const reply = replyToFailure(error);
  // A response that has begun cannot be replaced: Express closes the connection.
  if (res.headersSent) next(error);
  else send(res, reply);
};
