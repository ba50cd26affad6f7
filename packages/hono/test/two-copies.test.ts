import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createSessions } from '@sess/core';
import { sessionMiddleware } from '@sess/hono';
import { silentLogger } from '@sess/testkit';
import type { Hono } from 'hono';
import { expect, onTestFinished, test } from 'vitest';

/** Hono as an installation has it that holds it twice. */
async function importCopy(): Promise<{ readonly Hono: new () => Hono }> {
  const installed = dirname(dirname(fileURLToPath(import.meta.resolve('hono'))));
  const folder = mkdtempSync(join(tmpdir(), 'sess-hono-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(installed, folder, { recursive: true, dereference: true });
  return import(pathToFileURL(join(folder, 'dist', 'index.js')).href);
}

test('two copies of hono are named, of which Hono itself says only that something is undefined', async () => {
  const copy = await importCopy();
  const faults: unknown[] = [];
  const app = new copy.Hono();
  app.use(sessionMiddleware(createSessions({ logger: silentLogger })));
  app.onError((error, c) => {
    faults.push(error);
    return c.text('', 500);
  });
  expect((await app.request('/')).status).toBe(500);
  expect(faults).toEqual([
    expect.objectContaining({
      code: 'middleware_conflict',
      message: expect.stringContaining('npm ls hono'),
    }),
  ]);
});
