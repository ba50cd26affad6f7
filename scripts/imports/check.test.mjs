import { describe, expect, it } from 'vitest';
import { checkPackage } from './check.mjs';
import { fences } from './table.mjs';

const unit = {
  folder: 'packages/x/src',
  external: ['node:', 'framework'],
  externalInstead: 'take it in through an option',
  layers: [
    { name: 'low', files: ['low/'], may: ['low'], instead: 'ask high to pass it down' },
    { name: 'high', files: ['high.ts', 'index.ts'], may: ['low', 'high'], instead: '' },
  ],
};

/** Checks a package of these files; those that the table speaks of are there anyway. */
function check(files) {
  const whole = { 'low/a.ts': '', 'high.ts': '', 'index.ts': '', ...files };
  return checkPackage(unit, new Map(Object.entries(whole)), fences).join('\n');
}

describe('imports', () => {
  it('lets what the table allows pass', () => {
    const high = `import { a } from './low/a.js';\nimport fs from 'node:fs';\nimport 'framework';`;
    expect(check({ 'high.ts': high })).toBe('');
  });

  it.each([
    ['a value', `import { h } from '../high.js';`],
    ['a type', `import type { H } from '../high.js';`],
    ['several lines', `import {\n  h,\n  type H,\n} from '../high.js';`],
    ['everything', `export * from '../high.js';`],
    ['a re-exported type', `export type { H } from "../high.js";`],
    ['a side effect', `import '../high.js';`],
    ['a dynamic import', `const h = await import('../high.js');`],
    ['an import in a type', `type H = import('../high.js').H;`],
  ])('refuses an upward import of %s, and says what to do', (_what, text) => {
    const line = text.includes('\n') ? 4 : 1;
    expect(check({ 'low/a.ts': text })).toBe(
      `packages/x/src/low/a.ts:${line}: '../high.js' low may not import high; ask high to pass it down`,
    );
  });

  it.each([
    `// import { h } from '../high.js';`,
    `/* import '../high.js'; */`,
    `const text = "import '../high.js'";`,
    `const text = \`import '../high.js' \${1 + 1} import('../high.js')\`;`,
    `const pattern = /import '\\/..\\/high.js'/;`,
  ])('is not misled by %s', (text) => {
    expect(check({ 'low/a.ts': text })).toBe('');
  });

  it('sees code between the strings of a template', () => {
    const text = `const t = \`a \${\`b \${await import('../high.js')}\`} // c\`; // d`;
    expect(check({ 'low/a.ts': text })).toContain('low may not import high');
  });

  it('refuses foreign packages, other packages by path, and paths without .js', () => {
    expect(check({ 'high.ts': `import x from 'other';` })).toContain(
      'take it in through an option',
    );
    expect(check({ 'high.ts': `import x from '../../y/src/z.js';` })).toContain('by name');
    expect(check({ 'high.ts': `import x from './low/a';` })).toContain('end in .js');
  });

  it('finds a cycle of type imports', () => {
    const problems = check({
      'low/a.ts': `import type { B } from './b.js';`,
      'low/b.ts': `import type { A } from './a.js';`,
    });
    expect(problems).toContain('cycle low/a.ts -> low/b.ts -> low/a.ts');
  });

  it('refuses files without a layer and rows without a file', () => {
    expect(check({ 'new.ts': '' })).toContain('new.ts:1: is in no layer');
    const sources = new Map([['high.ts', '']]);
    expect(checkPackage(unit, sources, fences).join('\n')).toContain("'low/' of");
  });
});

describe('fences', () => {
  it.each([
    [`console.log(1);`, 'logger'],
    [`const t = Date.now();`, 'clock'],
    [`const read = Date.now;`, 'clock'],
    [`const d = new Date(1);`, 'clock'],
    [`globalThis.setTimeout(f, 1);`, 'clock'],
    [`Math.random();`, 'token/'],
    [`process.env;`, 'environment.ts'],
    [`globalThis.process?.env;`, 'environment.ts'],
    [`const a: any = 1;`, 'unknown'],
    [`f(a as any);`, 'unknown'],
    [`enum A { B }`, 'union'],
  ])('refuse %s', (text, instead) => {
    expect(check({ 'low/a.ts': `// one\n${text}` })).toContain('low/a.ts:2:');
    expect(check({ 'low/a.ts': text })).toContain(instead);
  });

  it.each([
    `// console.log(Date.now())`,
    `const text = 'new Date() as any, process.env';`,
    `const half = 1 / 2; const text = 'enum A'; const rest = 3 / 4;`,
    `const process_ = { env: 1 }; this.process.env;`,
    `const anything: anyone = 1;`,
  ])('let %s pass', (text) => {
    expect(check({ 'low/a.ts': text })).toBe('');
  });
});

describe('index files', () => {
  it.each([
    `export { a, type B } from './low/a.js';\nexport * from './low/a.js';\nexport * as c from './low/a.js';`,
    `import type { A } from './low/a.js';\ndeclare global {\n  interface X { a: { b: A } }\n}\n`,
    `import './low/a.js';`,
    `import type { A } from './low/a.js';\nexport type { A };`,
  ])('may hold %s', (text) => {
    expect(check({ 'index.ts': text })).toBe('');
  });

  it('may hold nothing else', () => {
    expect(check({ 'index.ts': `export * from './low/a.js';\nexport const a = 1;` })).toBe(
      'packages/x/src/index.ts:2: an index holds exports only; move the rest into a file of its own',
    );
  });
});
