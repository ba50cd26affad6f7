import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './blocks.js';

/** Below docs, where the packages of the examples are installed. Ignored by git. */
const FOLDER = 'docs/.cache/blocks';

export interface Compiled {
  /** Messages of the compiler, with the lines of the pages. Empty if all blocks compile. */
  readonly problems: readonly string[];
  /** Returns the path of the compiled block. */
  programOf(block: Block): string;
}

function nameOf({ page, line }: Block): string {
  return `${page.replace(/\.md$/, '').replace(/[^\w]+/g, '-')}-${line}`;
}

/** Compiles blocks as modules of one program, and each block marked `apart` as a separate program. */
export async function compile(blocks: readonly Block[]): Promise<Compiled> {
  rmSync(FOLDER, { recursive: true, force: true });
  const together = blocks.filter(({ isApart }) => !isApart);
  const programs = [
    { folder: join(FOLDER, 'all'), blocks: together },
    ...blocks
      .filter(({ isApart }) => isApart)
      .map((block) => ({ folder: join(FOLDER, nameOf(block)), blocks: [block] })),
  ];
  const outcomes = await Promise.all(programs.map((program) => compileProgram(program)));
  return {
    problems: outcomes.flat(),
    programOf: (block) => join(FOLDER, 'all', 'out', `${nameOf(block)}.js`),
  };
}

async function compileProgram(program: {
  readonly folder: string;
  readonly blocks: readonly Block[];
}): Promise<readonly string[]> {
  const { folder, blocks } = program;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(SETTINGS));
  const byName = new Map(blocks.map((block) => [nameOf(block), block]));
  for (const [name, { extension, given, code }] of byName) {
    // `export {}` makes every block a module.
    writeFileSync(join(folder, `${name}.${extension}`), `${given}export {};\n${code}`);
  }
  const output = await runCompiler(folder);
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => toPlace(line, byName));
}

const SETTINGS = {
  extends: '../../../../tsconfig.base.json',
  compilerOptions: {
    outDir: 'out',
    rootDir: '.',
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    isolatedDeclarations: false,
    // As readers compile: against the published output.
    customConditions: [],
    lib: ['es2023', 'es2024.string', 'dom', 'dom.iterable'],
    jsx: 'react-jsx',
    noUnusedLocals: false,
    noUnusedParameters: false,
    noImplicitReturns: false,
    noPropertyAccessFromIndexSignature: false,
    verbatimModuleSyntax: true,
  },
  include: ['*.ts', '*.tsx', '../../../given.d.ts'],
};

function runCompiler(folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('node_modules/.bin/tsc', ['-p', folder, '--pretty', 'false'], (error, out, err) => {
      if (error !== null && out === '') reject(new Error(`the compiler failed: ${err}`));
      else resolve(out);
    });
  });
}

/** Returns a message of the compiler as `docs/start/data.md:17: error …`. */
function toPlace(message: string, byName: ReadonlyMap<string, Block>): string {
  const match = /([\w-]+)\.tsx?\((\d+),\d+\): (.*)$/.exec(message);
  const block = byName.get(match?.[1] ?? '');
  if (match === null || block === undefined) return message;
  const inserted = block.given.split('\n').length;
  return `${block.page}:${block.line + Number(match[2]) - inserted - 1}: ${match[3]}`;
}
