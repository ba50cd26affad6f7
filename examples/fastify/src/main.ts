/*
 * The Fastify example: sign in, call guarded routes, refresh, sign out, all of it on the page at `/`.
 *
 *   npm start fastify                            # from the root of the repository
 *   PORT=8080 ACCESS_TTL=30s npm start fastify
 *
 * Settings: PORT, REDIS_URL, ACCESS_TOKENS, JWT_SECRET, ACCESS_TTL, ACCESS_OVERLAP, IDLE_TTL, ABSOLUTE_TTL
 * and GRACE. The routes are in app.ts; what is not about Fastify is shared with the other examples.
 */
import { createServer } from 'node:http';
import { createEngine, run } from '@sess/example-common';
import { createApp } from './app.js';

await run(async (settings) => {
  const { sessions, close } = await createEngine(settings);
  const app = await createApp(sessions);
  return { server: createServer(app.routing), close };
});
