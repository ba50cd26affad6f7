import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { provideBrowser } from '../src/browser.js';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sess-browser-'));
  // Nothing else is there: no browser, and no apt-get to install one.
  vi.stubEnv('PATH', folder);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const provide = () => provideBrowser({ cacheDir: join(folder, 'cache'), report: () => {} });

async function addProgram(name: string): Promise<string> {
  const program = join(folder, name);
  await writeFile(program, '');
  await chmod(program, 0o755);
  return program;
}

describe('a browser', () => {
  it('is the one on PATH', async () => {
    const path = await addProgram('google-chrome');
    expect(await provide()).toEqual({ path });
  });

  it('a browser that cannot be installed is reported, and not installed again immediately', async () => {
    const { missing } = await provide();
    expect(missing).toMatch(/^no browser: put chromium or google-chrome on PATH;/);
    const note = join(folder, 'cache', 'browser.missing.txt');
    expect(await readFile(note, 'utf8')).toBe(missing);
    expect((await provide()).missing).toBe(`${missing} (remove ${note} to try again)`);
  });

  it('a browser that appears on PATH is found immediately', async () => {
    await provide();
    const path = await addProgram('chromium');
    expect(await provide()).toEqual({ path });
  });
});
