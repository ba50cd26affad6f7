import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageManager, run } from '../../tools/lib.mjs';
import { startRegistry } from '../../tools/registry.mjs';

const MINUTE = 60_000;
let registry;
let folder;
beforeAll(async () => {
  registry = await startRegistry(['@sess/probe', '@sess/absent']);
  folder = mkdtempSync(join(tmpdir(), 'sess-probe-'));
}, 2 * MINUTE);
afterAll(async () => {
  await registry?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

const npm = async (...args) => {
  const { code, output } = await run('npm', args, { cwd: folder, quiet: true, env: registry.env });
  return { code, output: output.trim() };
};

describe('the registry on loopback', () => {
  it(
    'gives back what npm has published to it',
    async () => {
      const manifest = { name: '@sess/probe', version: '1.2.3', license: 'MIT' };
      writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
      expect(await npm('publish', '--access', 'public')).toMatchObject({ code: 0 });
      const response = await fetch(`${registry.url}@sess%2fprobe`);
      const { versions } = await response.json();
      expect(versions['1.2.3'].dist.tarball).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
    },
    MINUTE,
  );

  it('has no version of a package of this repository that was not published to it', async () => {
    expect((await fetch(`${registry.url}@sess%2fabsent`)).status).toBe(404);
  });

  it(
    'passes other packages on, among them the package manager with the pinned hash',
    async () => {
      const { spec, sha512 } = packageManager();
      expect(sha512).toMatch(/^[0-9a-f]{128}$/);
      const { output } = await npm('view', spec, 'dist.integrity');
      expect(output).toBe(`sha512-${Buffer.from(sha512, 'hex').toString('base64')}`);
    },
    MINUTE,
  );
});
