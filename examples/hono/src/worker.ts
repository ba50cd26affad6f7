/*
 * The Hono example as a Worker: the same routes, with a line of text in place of the page. It needs the
 * compatibility flag `nodejs_compat`.
 *
 * Sessions are in the memory of one isolate, which comes and goes: enough to try it. An application keeps
 * them in a store that all isolates share.
 */
import { createSessions } from '@sess/core';
import type { Hono } from 'hono';
import { createApp } from './app.js';

const app = createApp(createSessions(), {
  page: {
    status: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: 'Sessions on Workers. POST /login {"user":"ada"} signs in; GET /me says who you are.\n',
  },
  // Set by the network itself, over whatever the client has written.
  clientIp: (c) => c.req.header('cf-connecting-ip'),
});

const worker: Pick<Hono, 'fetch'> = { fetch: (request) => app.fetch(request) };

export default worker;
