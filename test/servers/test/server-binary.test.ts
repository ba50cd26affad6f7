import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinary } from '@sess/test-servers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'servers-cache-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cacheDir, { recursive: true, force: true });
});

test('without any server program, the error lists what was tried and what helps', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const nothing = { cacheDir, allowInstall: false };
  const redis = findServerBinary({ flavour: 'redis', ...nothing });
  await expect(redis).rejects.toThrow(/install redis-server.*REDIS_URL.*unpacked packages: /s);
  // No server of somebody else's stands in for Valkey.
  const valkey = findServerBinary({ flavour: 'valkey', ...nothing });
  await expect(valkey).rejects.toThrow(/install valkey-server(?!.*REDIS_URL)/s);
});

test('nothing is fetched when that is not allowed', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const report = vi.fn();
  const local = findServerBinary({ flavour: 'redis', cacheDir, allowFetch: false, report });
  await expect(local).rejects.toThrow(/^(?!.*unpacked packages: )/s);
  expect(report).not.toHaveBeenCalled();
});

// Downloads packages each time, so it is not for every run.
describe.runIf(process.env['SESS_PROVISION_TEST'] === '1')('fetching', () => {
  test.each(['redis', 'valkey'] as const)(
    '%s into an empty cache works, also three times concurrently, and is not repeated',
    async (flavour) => {
      const report = vi.fn();
      const find = () => findServerBinary({ flavour, cacheDir, report });
      const [one, ...others] = await Promise.all([find(), find(), find()]);
      for (const other of others) expect(other).toEqual(one);
      const fromPath = !one.path.startsWith(cacheDir);
      expect(report.mock.calls.length > 0).toBe(!fromPath);
      report.mockClear();
      expect(await find()).toEqual(one);
      expect(report).not.toHaveBeenCalled();
      // No draft and no broken folder is left behind.
      expect((await readdir(cacheDir)).length).toBe(fromPath ? 0 : 1);
    },
    120_000,
  );
});
