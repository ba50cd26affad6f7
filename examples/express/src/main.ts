/*
 * The Express example: sign in, call guarded routes, refresh, sign out, all of it on the page at `/`.
 *
 *   npm start                                    # from the root of the repository
 *   PORT=8080 ACCESS_TTL=30s npm start
 *
 * Settings: PORT, REDIS_URL, ACCESS_TOKENS, JWT_SECRET, ACCESS_TTL, ACCESS_OVERLAP, IDLE_TTL, ABSOLUTE_TTL
 * and GRACE. The routes are in app.ts; what is not about Express is shared with the other examples.
 */
import { createServer } from 'node:http';
import { createEngine, run } from '@sess/example-common';
import { createApp } from './app.js';

await run(async (settings) => {
  const { sessions, close } = await createEngine(settings);
  return { server: createServer(createApp(sessions)), close };
});
