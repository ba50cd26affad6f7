import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSubject } from '../../tools/commit-subjects.mjs';
import { findWords } from '../../tools/words.mjs';

const core = 'packages/core/src';
const CLOCK = 'Read the time from the clock';
const DOWN = `import type { H } from '../session/h.js';\nexport type T = H;`;

/** One line of code that is refused at a path, and a part of the message. */
const REFUSED = [
  [
    'token -> session',
    `${core}/token/a.ts`,
    `import { h } from '../session/h.js';`,
    'token/ holds',
  ],
  ['a type import', `${core}/token/a.ts`, DOWN, 'token/ holds'],
  [
    'several lines',
    `${core}/token/a.ts`,
    `import {\n  h,\n} from '../session/h.js';`,
    'token/ holds',
  ],
  ['a re-export', `${core}/token/a.ts`, `export * from '../session/h.js';`, 'token/ holds'],
  ['a side effect', `${core}/token/a.ts`, `import '../session/h.js';`, 'token/ holds'],
  ['a dynamic import', `${core}/token/a.ts`, `await import('../session/h.js');`, 'token/ holds'],
  [
    'an import in a type',
    `${core}/token/a.ts`,
    `export type T = import('../session/h.js').H;`,
    'import declaration',
  ],
  ['errors -> util', `${core}/errors.ts`, `import './util/json.js';`, 'errors.ts lies'],
  ['types -> session', `${core}/types.ts`, `import './session/h.js';`, 'types.ts sees'],
  ['util -> token', `${core}/util/a.ts`, `import '../token/a.js';`, 'util/ sees'],
  ['store -> session', `${core}/store/a.ts`, `import '../session/h.js';`, 'store/ keeps'],
  ['options -> session', `${core}/options.ts`, `import './session/h.js';`, 'options.ts only'],
  ['session -> http', `${core}/session/a.ts`, `import '../http/h.js';`, 'session/ knows no HTTP'],
  [
    'session -> sessions',
    `${core}/session/a.ts`,
    `import '../sessions.js';`,
    'session/ knows no HTTP',
  ],
  ['http -> store', `${core}/http/a.ts`, `import '../store/h.js';`, 'http/ sees'],
  ['inside -> index', `${core}/sessions.ts`, `import './index.js';`, 'An index is for users'],
  ['a dependency of core', `${core}/a.ts`, `import 'other';`, 'no dependencies'],
  ['a sibling in core', `${core}/a.ts`, `import '@sess/jwt';`, 'no dependencies'],
  [
    'a dependency of the client',
    'packages/client/src/a.ts',
    `import 'other/sub';`,
    'no dependencies',
  ],
  ['another package by path', `${core}/a.ts`, `import '../../jwt/src/jwt.js';`, 'by its name'],
  ['a path without .js', `${core}/a.ts`, `import './a';`, 'Add a file extension'],
  ['node: in Hono', 'packages/hono/src/a.ts', `import 'node:fs';`, 'Hono adapter'],
  [
    'a store in an adapter',
    'packages/express/src/a.ts',
    `import '@sess/core/store';`,
    'An adapter imports',
  ],
  ['a client in Fastify', 'packages/fastify/src/a.ts', `import 'ioredis';`, 'An adapter imports'],
  ['node: in otel', 'packages/otel/src/a.ts', `import 'node:fs';`, 'OpenTelemetry'],
  ['jwt keys -> token', 'packages/jwt/src/keys/a.ts', `import '../token/a.js';`, 'keys/ knows'],
  [
    'jwt token -> stateless',
    'packages/jwt/src/token/a.ts',
    `import '../stateless/a.js';`,
    'token/ reads',
  ],
  ['a library in jwt', 'packages/jwt/src/a.ts', `import 'jsonwebtoken';`, 'Building blocks'],
  ['a client in redis', 'packages/redis/src/a.ts', `import 'ioredis';`, 'A store imports'],
  [
    'redis store -> near-cache',
    'packages/redis/src/store/a.ts',
    `import '../near-cache/a.js';`,
    'The parts',
  ],
  [
    'redis near-cache -> replay',
    'packages/redis/src/near-cache/a.ts',
    `import '../replay/a.js';`,
    'The parts',
  ],
  [
    'redis denylist -> store',
    'packages/redis/src/denylist/a.ts',
    `import '../store/a.js';`,
    'denylist/ may',
  ],
  ['a client in sql', 'packages/sql/src/a.ts', `import 'pg';`, 'A store imports'],
  ['a test runner in the testkit', 'packages/testkit/src/a.ts', `import 'vitest';`, 'The testkit'],
  ['a client in the testkit', 'packages/testkit/src/a.ts', `import 'ioredis';`, 'The testkit'],
  ['a runner in the testkit', 'packages/testkit/src/a.ts', `import 'vitest';`, 'every test runner'],
  ['a client in the suites', 'packages/testkit/src/suites/a.ts', `import 'ioredis';`, 'The suites'],
  [
    'a client in the test servers',
    'test/servers/src/a.ts',
    `import 'ioredis';`,
    'The test servers',
  ],
  ['a console', `${core}/a.ts`, `console.log(1);`, 'console'],
  ['Date.now()', `${core}/a.ts`, `export const t = Date.now();`, CLOCK],
  ['Date.now as a value', `${core}/a.ts`, `export const t = Date.now;`, CLOCK],
  ['new Date()', `${core}/a.ts`, `export const t = new Date();`, CLOCK],
  ['new Date(1)', `${core}/a.ts`, `export const t = new Date(1);`, CLOCK],
  ['performance.now()', `${core}/a.ts`, `export const t = performance.now();`, CLOCK],
  ['a global timer', `${core}/a.ts`, `setTimeout(() => {}, 1);`, 'setTimeout'],
  ['a timer of globalThis', `${core}/a.ts`, `globalThis.setTimeout(() => {}, 1);`, 'Take it in'],
  ['Math.random()', `${core}/a.ts`, `export const r = Math.random();`, 'random bytes'],
  ['process', `${core}/a.ts`, `export const e = process.env;`, 'process'],
  [
    'process of globalThis',
    `${core}/a.ts`,
    `export const e = globalThis.process?.env;`,
    'Take it in',
  ],
  ['any', `${core}/a.ts`, `export const a: any = 1;`, 'any'],
  ['an enum', `${core}/a.ts`, `export enum A {\n  B,\n}`, 'enum'],
  ['a default export', `${core}/a.ts`, `export default 1;`, 'default'],
  ['a constant in an index', `${core}/x/index.ts`, `export const a = 1;`, 'An index holds'],
  [
    'an interface in an index',
    `${core}/x/index.ts`,
    `export interface A {\n  a: 1;\n}`,
    'An index holds',
  ],
  [
    'a statement in an index',
    `${core}/x/index.ts`,
    `import { f } from './f.js';\nf();`,
    'An index holds',
  ],
];

const ACCEPTED = [
  ['an import downwards', `${core}/session/a.ts`, `export { h } from '../token/h.js';`],
  ['node: in core', `${core}/a.ts`, `export { hash } from 'node:crypto';`],
  [
    'the framework of an adapter',
    'packages/hono/src/a.ts',
    `export { createMiddleware } from 'hono/factory';`,
  ],
  [
    'an import in a comment',
    `${core}/token/a.ts`,
    `// import { h } from '../session/h.js';\nexport {};`,
  ],
  ['a word in a string', `${core}/a.ts`, `export const a = 'new Date() as any, process.env';`],
  [
    'a timer in a port',
    `${core}/util/clock.ts`,
    `export const wait = () => setTimeout(() => {}, 1);`,
  ],
  ['a member called process', `${core}/a.ts`, `export const f = (a: { process: 1 }) => a.process;`],
  [
    'exports of an index',
    `${core}/x/index.ts`,
    `export * from './a.js';\nexport type { B } from './b.js';`,
  ],
  [
    'a declaration of globals in an index',
    `${core}/x/index.ts`,
    `import type { A } from './a.js';\n\ndeclare global {\n  interface X {\n    a: A;\n  }\n}\n`,
  ],
];

describe('lint rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sess-lint-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Each sample is in a separate tree `<folder>/<number>`; one run checks them all. */
  const found = new Map();
  beforeAll(() => {
    const config = JSON.parse(readFileSync('biome.json', 'utf8'));
    const move = (path) => path.replace(/^(!?)(packages|test)\//, '$1*/$2/');
    for (const override of config.overrides) override.includes = override.includes.map(move);
    const whole = { ...config, vcs: { enabled: false }, files: {}, formatter: { enabled: false } };
    writeFileSync(join(folder, 'biome.json'), JSON.stringify(whole));
    cpSync('tools/biome', join(folder, 'tools/biome'), { recursive: true });
    for (const [n, [, path, code]] of [...REFUSED, ...ACCEPTED].entries()) {
      const file = join(folder, String(n), path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, code);
    }
    const cycle = join(folder, 'cycle', core);
    mkdirSync(cycle, { recursive: true });
    writeFileSync(join(cycle, 'a.ts'), `import type { B } from './b.js';\nexport type A = B;`);
    writeFileSync(join(cycle, 'b.ts'), `import type { A } from './a.js';\nexport type B = A;`);
    const args = ['lint', '--reporter=json', '--max-diagnostics=none'];
    const { stdout } = spawnSync(join(process.cwd(), 'node_modules/.bin/biome'), args, {
      cwd: folder,
      encoding: 'utf8',
    });
    for (const diagnostic of JSON.parse(stdout).diagnostics) {
      const path = diagnostic.location?.path?.file ?? diagnostic.location?.path ?? '';
      const key = path.split('/')[0];
      found.set(key, `${found.get(key) ?? ''}${JSON.stringify(diagnostic)}\n`);
    }
  });

  it.each(REFUSED.map((sample, n) => [sample[0], n, sample[3]]))(
    'refuse %s',
    (_name, n, message) => {
      expect(found.get(String(n))).toContain(message);
    },
  );

  it.each(ACCEPTED.map((sample, n) => [sample[0], n + REFUSED.length]))('accept %s', (_name, n) => {
    expect(found.get(String(n))).toBeUndefined();
  });

  it('refuse a cycle of type imports', () => {
    expect(found.get('cycle')).toContain('noImportCycles');
  });

  it('every file that is an exception of a rule exists', () => {
    const { overrides } = JSON.parse(readFileSync('biome.json', 'utf8'));
    const files = overrides.flatMap(({ includes }) =>
      includes.filter((path) => /^!.*\.ts$/.test(path)),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const path of files) expect(existsSync(path.slice(1)), path).toBe(true);
  });

  it('every package has a rule on its imports', () => {
    const { overrides } = JSON.parse(readFileSync('biome.json', 'utf8'));
    const fenced = overrides
      .filter(({ linter }) => linter?.rules.style?.noRestrictedImports)
      .flatMap(({ includes }) => includes);
    for (const name of readdirSync('packages'))
      expect(fenced.filter((path) => path.startsWith(`packages/${name}/src/`))).not.toEqual([]);
  });
});

describe('the word gate', () => {
  it.each([
    ['a comment', 'packages/x/src/a.ts', `// The engine answers at once.`, ['answers', 'at once']],
    ['a message', 'packages/x/src/a.ts', `throw new Error('x: 1 will not do.');`, ['will not do']],
    ['a doc comment', 'packages/x/src/a.ts', `/**\n * Whoever asks.\n */`, ['Whoever']],
    ['a title', 'packages/x/test/a.test.ts', `it('tells nobody', () => {});`, ['nobody', 'tells']],
    ['a page', 'docs/a.md', `It is made anew.`, ['anew']],
  ])('refuses words in %s', (_name, path, text, words) => {
    expect(findWords(path, text).map(({ word }) => word)).toEqual(words);
  });

  it.each([
    ['an identifier', 'packages/x/src/a.ts', `const answer = whatever;`],
    ['a string without a space', 'packages/x/src/a.ts', `const name = 'answer';`],
    ['the body of a test', 'packages/x/test/a.test.ts', `expect('he answers').toBe(1);`],
    ['code in a page', 'docs/a.md', `Call \`answer()\`.\n\n\`\`\`ts\nconst answers = 1;\n\`\`\`\n`],
    ['a line with a reason', 'docs/a.md', `RFC 1 says so. <!-- words-ok: a quotation -->`],
  ])('accepts words in %s', (_name, path, text) => {
    expect(findWords(path, text)).toEqual([]);
  });
});

describe('checkSubject', () => {
  it.each([
    'fix(core): return 503 when a store throws',
    'feat(http,core)!: rename x',
    'refactor: rename public names',
  ])('accepts %s', (subject) => {
    expect(checkSubject(subject)).toBeUndefined();
  });

  it.each(['Fix the store', 'fix(kernel): x', 'fix(core): x.', 'fix(core):x', 'fixed: x'])(
    'refuses %s',
    (subject) => {
      expect(checkSubject(subject)).toBeDefined();
    },
  );
});
