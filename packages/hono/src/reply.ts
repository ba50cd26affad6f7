import type { Reply } from '@sess/core/http';
import type { Context } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';

/** An answer of the protocol as a response; headers that were set on the context before stay. */
export function toResponse(c: Context, { status, headers, body }: Reply): Response {
  return c.newResponse(body ?? null, status as StatusCode, {
    ...headers,
    // Said outright, so that HEAD has it too.
    ...(body === undefined ? {} : { 'Content-Length': `${new TextEncoder().encode(body).length}` }),
  });
}
