import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Those that are published; the testkit has the suites. */
const packages = readdirSync('packages').filter((name) => {
  const manifest = readFileSync(`packages/${name}/package.json`, 'utf8');
  return name !== 'testkit' && !JSON.parse(manifest).private;
});

/** Every file under a folder that ends so, as one text a file. */
function textsUnder(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
}

function testsOf(name: string): string {
  return textsUnder(`packages/${name}/test`, '.test.ts').join('\n');
}

describe('no implementation escapes its suite', () => {
  const stores = packages.filter((name) =>
    textsUnder(`packages/${name}/src`, '.ts').some((text) => /\): SessionStore \{/.test(text)),
  );
  const denylists = packages.filter((name) =>
    textsUnder(`packages/${name}/src`, '.ts').some((text) => /\): Denylist \{/.test(text)),
  );
  const adapters = packages.filter((name) =>
    textsUnder(`packages/${name}/src`, '.ts').some((text) => /implements Exchange\b/.test(text)),
  );

  it('finds the stores, denylists and adapters there are', () => {
    expect(stores).toContain('core');
    expect(denylists).toEqual(expect.arrayContaining(['jwt', 'redis']));
    expect(adapters).toEqual(expect.arrayContaining(['express', 'fastify', 'hono']));
  });

  it.each(stores)('the store of %s passes storeSuite', (name) => {
    expect(testsOf(name)).toMatch(/\bstoreSuite\(/);
  });

  it.each(denylists)('the denylist of %s passes denylistSuite', (name) => {
    expect(testsOf(name)).toMatch(/\bdenylistSuite\(/);
  });

  it.each(adapters)('the adapter of %s passes adapterSuite, with every kind of token', (name) => {
    expect(testsOf(name)).toMatch(/\badapterSuite\(/);
    expect(testsOf(name)).toMatch(/\bengines: signedTokens\b|\bbeyondShort\b/);
  });

  it.each(adapters)('the adapter of %s has a budget', (name) => {
    const budgets = readFileSync('package.json', 'utf8');
    expect(budgets).toContain(`"packages/${name}/dist/index.js"`);
  });
});
