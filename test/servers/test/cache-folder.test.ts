import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fillCacheFolder } from '../src/cache-folder.js';
import { sleep } from '../src/wait.js';

async function openParent(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'sess-cache-'));
  onTestFinished(() => rm(parent, { recursive: true }));
  return parent;
}

/** Holds two files, of which the second is written a while after the first. */
const fill = (text: string) => async (draft: string) => {
  await writeFile(join(draft, 'first'), text);
  await sleep(20);
  await writeFile(join(draft, 'second'), text);
};

async function find(folder: string): Promise<string> {
  const texts = await Promise.all(
    ['first', 'second'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  if (texts[0] !== texts[1]) throw new Error('the folder was filled by two');
  return texts[0] ?? '';
}

describe('a folder of the cache', () => {
  it('is filled by one of five at the same time, whose folder all of them use', async () => {
    const parent = await openParent();
    const folder = join(parent, 'server');
    const found = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map((text) => fillCacheFolder({ folder, fill: fill(text), find })),
    );
    expect(new Set(found)).toEqual(new Set([await find(folder)]));
    expect(await readdir(parent)).toEqual(['server']);
  });

  it('is replaced if it does not work, as one that was left half filled', async () => {
    const parent = await openParent();
    const folder = join(parent, 'server');
    await mkdir(folder);
    await writeFile(join(folder, 'first'), 'half');
    expect(await fillCacheFolder({ folder, fill: fill('whole'), find })).toBe('whole');
    expect(await readdir(parent)).toEqual(['server']);
  });

  it('is not there after a failure', async () => {
    const parent = await openParent();
    const folder = join(parent, 'server');
    const fails = fillCacheFolder({ folder, fill: async () => {}, find });
    await expect(fails).rejects.toThrow('ENOENT');
    expect(await readdir(parent)).toEqual([]);
  });
});
