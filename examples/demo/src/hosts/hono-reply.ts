import type { Reply } from '@sess/core/http';
import type { Context } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';

/** Sends a reply, with the headers that were set on the context before. */
export function send(c: Context, { status, headers, body = '' }: Reply): Response {
  return c.newResponse(body, status as StatusCode, {
    ...headers,
    // Hono leaves this header to the server, which does not know the length for HEAD.
    'Content-Length': `${new TextEncoder().encode(body).length}`,
  });
}

/** Sends JSON with a charset in its media type, as the other hosts do. `c.json()` sets none. */
export function json(c: Context, value: unknown): Response {
  const headers = { 'Content-Type': 'application/json; charset=utf-8' };
  return send(c, { status: 200, headers, body: JSON.stringify(value) });
}
