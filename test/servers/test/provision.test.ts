import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStandalone, requireServer, serverChoices, startRedisServer } from '@sess/test-servers';
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { provideServer, provideUrl } from '../src/provision.js';

const servers = inject('servers');
const missing = { missing: 'No server.\nWhat helps: one.' };

describe('the reason for a missing server', () => {
  let cacheDir: string;
  const report = vi.fn();
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'servers-cache-'));
    vi.stubEnv('PATH', '/nonexistent');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(cacheDir, { recursive: true, force: true });
  });
  const provide = () => provideServer({ flavour: 'redis', cacheDir, allowInstall: false, report });

  test('is remembered for an hour, so that only one run waits for apt', async () => {
    const first = await provide();
    expect(first.missing).toMatch(/unpacked packages: /);
    const second = await provide();
    expect(second.missing).toContain(first.missing);
    expect(second.missing).toMatch(/remove .*redis\.missing\.txt/);
    const [note = ''] = await readdir(cacheDir);
    const longAgo = new Date(Date.now() - 2 * 60 * 60_000);
    await utimes(join(cacheDir, note), longAgo, longAgo);
    expect((await provide()).missing).toBe(first.missing);
  });

  test('is forgotten as soon as there is a server', async () => {
    await provide();
    vi.unstubAllEnvs();
    const { path } = requireServer(servers.redis);
    vi.stubEnv('PATH', join(path, '..'));
    vi.stubEnv('LD_LIBRARY_PATH', servers.redis.binary?.env['LD_LIBRARY_PATH']);
    expect((await provide()).binary?.path).toBe(path);
    expect(await readdir(cacheDir)).toEqual([]);
  });
});

describe('REDIS_URL', () => {
  test('an address that is not set is undefined', async () => {
    expect(await provideUrl(undefined)).toBeUndefined();
    expect(await provideUrl('')).toBeUndefined();
  });

  test('an address that responds is used instead of a started server, with its password', async () => {
    const server = await startRedisServer({ binary: requireServer(servers.redis) });
    onTestFinished(() => server.stop());
    const plain = await provideUrl(server.url);
    const standalone = await openStandalone({ redis: missing, valkey: missing, external: plain });
    expect(standalone.url).toBe(server.url);
    await standalone.stop();
    expect(server.running).toBe(true);
    await server.command('CONFIG', 'SET', 'requirepass', 'a/b');
    expect((await provideUrl(server.url))?.problem).toMatch(/NOAUTH/);
    const url = server.url.replace('//', '//:a%2Fb@');
    expect(await provideUrl(url)).toEqual({ url });
  });

  test.each(['localhost', 'http://127.0.0.1', 'redis://', 'redis://u:secret@:x'])(
    'an invalid address, %s, is reported without its password',
    async (url) => {
      const problem = (await provideUrl(url))?.problem;
      expect(problem).toMatch(/REDIS_URL.*redis:\/\/host:port/);
      expect(problem).not.toContain('secret');
    },
  );

  test.each(['redis', 'rediss'])(
    'an address where no %s server responds fails the test that needs it',
    async (scheme) => {
      const listener = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void listener.close());
      const address = listener.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const external = await provideUrl(`${scheme}://127.0.0.1:${port}`);
      expect(external?.problem).toMatch(/^REDIS_URL is set/);
      const asked = openStandalone({ ...servers, external });
      await expect(asked).rejects.toThrow(/^REDIS_URL is set/);
    },
  );
});

describe('a suite for both servers', () => {
  test('fails without Redis, and is skipped with the reason without Valkey', () => {
    const [redis, valkey] = serverChoices({ redis: missing, valkey: missing, external: undefined });
    expect(redis?.skip).toBe(false);
    expect(redis?.binary).toThrow(missing.missing);
    expect(valkey?.skip).toBe(true);
    expect(valkey?.title).toBe('valkey, skipped: No server.');
  });
});
