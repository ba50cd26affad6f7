import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of TypeScript on a page. */
export interface Block {
  /** As in `docs/start/data.md`. */
  readonly page: string;
  /** Where its first line of code stands, from 1. */
  readonly line: number;
  readonly extension: 'ts' | 'tsx';
  readonly code: string;
  /** Declarations that the page assumes without showing them. */
  readonly given: string;
  readonly isRun: boolean;
  /** An application, which listens at PORT, and has `POST /login` and a guarded `GET /me`. */
  readonly isServed: boolean;
  /** It changes types of the whole program, so it is compiled separately. */
  readonly isApart: boolean;
  /** Why it is not compiled. */
  readonly uncheckedBecause: string | undefined;
}

/*
 * ```ts            compiled, as a module of its own
 * ```ts run        also run; its output must equal its comments: console.log(x); // 42
 * ```ts serve      also started, and signed in to
 * ```ts apart      compiled as a separate program
 * ```ts unchecked: REASON
 *
 * A comment before it has its assumed declarations: <!-- given … -->
 */
const BLOCK =
  /(?:<!-- given\n(?<given>[\s\S]*?)-->\s*)?^```(?<language>tsx?)\b(?<info>[^\n]*)\n(?<code>[\s\S]*?)^```$/gm;

export function readBlocks(page: string): readonly Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(BLOCK)].map((match) => {
    const { given = '', language, info = '', code = '' } = match.groups ?? {};
    const before = text.slice(0, match.index + match[0].lastIndexOf(`\n${code}\`\`\``) + 1);
    const words = info.replace(/\[.*?\]|\{.*?\}/g, ' ');
    return {
      page,
      line: before.split('\n').length,
      extension: language === 'tsx' ? 'tsx' : 'ts',
      code,
      given,
      isRun: /\brun\b/.test(words),
      isServed: /\bserve\b/.test(words),
      isApart: /\bapart\b/.test(words),
      uncheckedBecause: /\bunchecked: *(.+)$/.exec(words)?.[1],
    };
  });
}

/** Returns a program that a page includes from a file, as a block that is started. */
export function readServedFile(path: string): Block {
  const common = { page: path, line: 1, extension: 'ts', given: '', isRun: false } as const;
  return {
    ...common,
    code: readFileSync(path, 'utf8'),
    isServed: true,
    isApart: false,
    uncheckedBecause: undefined,
  };
}

/** Returns all pages: the README, those of the packages, and the site. */
export function listPages(): readonly string[] {
  const packages = readdirSync('packages')
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => existsSync(path));
  return ['README.md', ...packages, ...[...listMarkdown('docs')].sort()];
}

/** Folders without pages, or with generated ones: another test may be building the site. */
const SKIPPED: ReadonlySet<string> = new Set([
  'docs/.vitepress',
  'docs/node_modules',
  'docs/reference/api',
]);

function listMarkdown(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(path) ? [] : listMarkdown(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Returns the output that the comments of a program state. */
export function expectedOutput({ code }: Block): readonly string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\);? *\/\/ (.*)$/gm)].map(
    (match) => match[1] ?? '',
  );
}
