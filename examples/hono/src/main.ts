/*
 * The Hono example: sign in, call guarded routes, refresh, sign out, all of it on the page at `/`.
 *
 *   npm start -- hono                                    # from the root of the repository
 *   PORT=8080 ACCESS_TTL=30s npm start -- hono
 *
 * Settings: PORT, REDIS_URL, ACCESS_TOKENS, JWT_SECRET, ACCESS_TTL, ACCESS_OVERLAP, IDLE_TTL, ABSOLUTE_TTL
 * and GRACE. The routes are in app.ts, for Node here and for Workers in worker.ts; what is not about Hono is
 * shared with the other examples.
 */
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createEngine, createPage, run } from '@sess/example-common';
import { createApp } from './app.js';

await run(async (settings) => {
  const { sessions, close } = await createEngine(settings);
  const app = createApp(sessions, { page: createPage() });
  return { server: createServer(getRequestListener(app.fetch)), close };
});
