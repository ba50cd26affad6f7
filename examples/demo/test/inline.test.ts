import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inlineModules } from '../src/inline.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sess-inline-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function inline(modules: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(folder, name), text);
  return inlineModules(pathToFileURL(join(folder, 'main.js')));
}

/** Runs a script in which `tell` is what the test listens to. */
function run(script: string): unknown[] {
  const told: unknown[] = [];
  new Function('tell', `'use strict';\n${script}`)((value: unknown) => told.push(value));
  return told;
}

describe('inlineModules', () => {
  it('keeps modules with equal names separate', () => {
    const script = inline({
      'main.js':
        "import { name as other } from './a.js';\nimport {\n  twice,\n} from './b.js';\nconst name = 'main';\ntell([name, other, twice(2)]);\n",
      'a.js': "const hidden = 'a';\nexport const name = hidden;\n//# sourceMappingURL=a.js.map\n",
      'b.js': 'const hidden = 2;\nexport function twice(value) {\n  return value * hidden;\n}\n',
    });
    expect(run(script)).toEqual([['main', 'a', 4]]);
    expect(script).not.toContain('sourceMappingURL');
  });

  it('runs a module once, before those that import it, and passes exports on', () => {
    const script = inline({
      'main.js': "import { a } from './index.js';\nimport { b } from './b.js';\ntell(a + b);\n",
      'index.js': "export { a } from './a.js';\n",
      'a.js': "import { b } from './b.js';\nexport class Unused {}\nexport const a = b + 1;\n",
      'b.js': "tell('b runs');\nexport const b = 1;\n",
    });
    expect(run(script)).toEqual(['b runs', 3]);
  });

  it.each([
    "import * as all from './a.js';",
    "export * from './a.js';",
    'export default 1;',
    "import './a.js';",
  ])('refuses the unknown line %s', (line) => {
    expect(() => inline({ 'main.js': `${line}\n`, 'a.js': '' })).toThrow(
      /main\.js: cannot inline '/,
    );
  });

  it('refuses modules that import each other', () => {
    expect(() =>
      inline({
        'main.js': "import { a } from './a.js';\nexport const b = a;\n",
        'a.js': "import { b } from './main.js';\nexport const a = b;\n",
      }),
    ).toThrow(/import each other/);
  });
});
