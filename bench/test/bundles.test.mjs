// What is not imported must weigh nothing: the bundle of one part of a package holds nothing of the other parts.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = (name) => JSON.parse(readFileSync(`${root}packages/${name}/package.json`, 'utf8'));

/** Returns the minified bundle of one import, made from the sources, with everything it depends on. */
async function bundle(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: `${root}bench` },
    conditions: ['@sess/source'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  return outputFiles[0].text;
}

/** A text that only one part contains. */
const PARTS = { 'near cache': 'TRACKING', denylist: 'denylist' };

describe('bundles', () => {
  it('a store on Redis by itself contains neither the near cache nor the denylist', async () => {
    const code = await bundle(`export { scriptStore } from '@sess/redis/store';`);
    for (const text of Object.values(PARTS)) expect(code).not.toContain(text);
  });

  it('the complete store contains the near cache, so the texts above are the right ones', async () => {
    expect(await bundle(`export { redisStore } from '@sess/redis';`)).toContain(
      PARTS['near cache'],
    );
    expect(await bundle(`export { redisDenylist } from '@sess/redis';`)).toContain(PARTS.denylist);
  });

  it('an engine without a store contains neither the memory store nor a denylist', async () => {
    const code = await bundle(`export { createEngine } from '@sess/core/internal';`);
    expect(code).not.toContain('memory store');
  });

  it('every path of a size budget is built from an entry or a file of a package', () => {
    const { 'size-limit': budgets } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    for (const { path } of budgets) {
      const [, name, file] = /^packages\/(\w+)\/dist\/(.*)\.js$/.exec(path);
      expect(manifest(name).private, path).not.toBe(true);
      expect(existsSync(`${root}packages/${name}/src/${file}.ts`), path).toBe(true);
    }
  });
});
