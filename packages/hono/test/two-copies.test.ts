import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createSessions } from '@sess/core';
import { requireSession, type SessionEnv, sessionErrors, sessionMiddleware } from '@sess/hono';
import { signIn, silentLogger } from '@sess/testkit';
import { Hono } from 'hono';
import { expect, onTestFinished, test } from 'vitest';
import { describeTwoCopies, headersOf, read } from '../../../test/copies-of-core.js';

/** Hono as an installation has it that holds it twice. */
async function importCopy(): Promise<{ readonly Hono: new () => Hono }> {
  const installed = dirname(dirname(fileURLToPath(import.meta.resolve('hono'))));
  const folder = mkdtempSync(join(tmpdir(), 'sess-hono-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(installed, folder, { recursive: true, dereference: true });
  return import(pathToFileURL(join(folder, 'dist', 'index.js')).href);
}

test('sessionMiddleware works in an application of another copy of hono', async () => {
  const copy = await importCopy();
  const sessions = createSessions({ logger: silentLogger });
  const { headers } = await signIn(sessions, { subject: 'ada' });
  const app = new copy.Hono();
  app.use('/api/*', sessionMiddleware(sessions) as never, requireSession() as never);
  app.get('/api/me', (c) => c.text((c.get('session' as never) as { subject: string }).subject));
  expect(await (await app.request('/api/me', { headers })).text()).toBe('ada');
  expect((await app.request('/api/session/refresh', { method: 'POST' })).status).toBe(401);
});

test('sessionMiddleware works in an application in CommonJS', async () => {
  const { Hono: Common } = createRequire(import.meta.url)('hono') as { Hono: new () => Hono };
  const app = new Common();
  app.use(sessionMiddleware(createSessions({ logger: silentLogger })) as never);
  app.get('/', (c) => c.text('open'));
  expect(await (await app.request('/')).text()).toBe('open');
  expect((await app.request('/session/refresh', { method: 'POST' })).status).toBe(401);
});

describeTwoCopies((sessions, options) => {
  const app = new Hono<SessionEnv>().use(sessionMiddleware(sessions, options));
  app.onError(sessionErrors());
  app.get('/', (c) => c.json({}));
  app.get('/me', requireSession(), (c) => c.json({}));
  app.post('/login', async (c) => c.json(await c.var.sessions.start({ subject: 'ada' })));
  return async (method, path, token) =>
    read(await app.request(path, { method, headers: headersOf(token) }));
});
