import type { Reply } from '@sess/core/http';
import type { Context } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';

/** An answer of the protocol as a response; headers that were set on the context before stay. */
export function toResponse(c: Context, { status, headers, body }: Reply): Response {
  if (body === undefined) return c.newResponse(null, status as StatusCode, { ...headers });
  // Said outright, so that HEAD has it too.
  const length = new TextEncoder().encode(body).length;
  return c.newResponse(body, status as StatusCode, { ...headers, 'Content-Length': `${length}` });
}
