import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dpop } from '@sess/bound';
import { createSessions, type Sessions } from '@sess/core';
import { requireSession, sessionErrors, sessionMiddleware } from '@sess/express';
import express from 'express';
import type { TestContext } from 'vitest';

/** An API that binds tokens, on the origin of its page. */
export interface BoundApi {
  readonly origin: string;
  readonly sessions: Sessions;
  /** Requests to the API, as `'GET /me DPoP 200'`. */
  readonly seen: readonly string[];
}

const DIST = new URL('../../dist/', import.meta.url);
const PAGE = `<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="module">
  import { createClient } from '/client/index.js';
  import { dpopKey } from '/client/dpop.js';
  globalThis.client = createClient({ proof: dpopKey() });
</script>`;

export async function startBoundApi(
  onTestFinished: TestContext['onTestFinished'],
): Promise<BoundApi> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const sessions = createSessions();
  const seen: string[] = [];

  const app = express();
  app.get('/app', (_req, res) => void res.send(PAGE));
  app.get('/client/:file', async (req, res) => {
    res.type('text/javascript').send(await readFile(new URL(req.params.file, DIST), 'utf8'));
  });
  app.use((req, res, next) => {
    const scheme = req.get('authorization')?.split(' ')[0] ?? '-';
    res.on('finish', () => void seen.push(`${req.method} ${req.path} ${scheme} ${res.statusCode}`));
    next();
  });
  app.use(sessionMiddleware(sessions, { bound: dpop({ origin, required: true }) }));
  app.post('/login', async (req, res) => res.json(await req.sessions.start({ subject: 'ada' })));
  app.get(
    '/me',
    requireSession((req, res) => res.json(req.session)),
  );
  app.use(sessionErrors());
  server.on('request', app);

  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await sessions.close();
  });
  return { origin, sessions, seen };
}
