// The word gate: refuses the words of `words.json` in comments, messages, test titles and documentation.
// `node tools/words.mjs [--report] [--tree CHECKOUT] [PATH …]`: `--report` only counts. A line opts out with
// `words-ok: <reason>` at its end.
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findFiles, readSource, readTitles, readTokens } from './source.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const RULES = JSON.parse(readFileSync(new URL('words.json', import.meta.url), 'utf8')).map(
  ({ refuse, use }) => ({ pattern: new RegExp(`\\b(?:${refuse})\\b`, 'gi'), use }),
);
const SOURCES = /^packages\/[^/]+\/src\/.*\.tsx?$/;
const TESTS = /^(?:packages|examples|test|bench|tools|scripts)\/.*\.test\.(?:tsx?|mjs)$/;
const PAGES = /^(?:docs\/.*|\.changeset\/.*|(?:.*\/)?[A-Z]+)\.md$/;
/** Names of columns are not prose. */
const SQL = /\b(?:SELECT|INSERT|UPDATE|DELETE FROM|CREATE TABLE) /;
/** Generated from sources, or a copy of another text. */
const GENERATED =
  /^docs\/(?:reference\/api|\.vitepress)\/|^docs\/quality\/evidence\.md$|CHANGELOG\.md$/;

/** Returns the parts of a file that the gate reads, each with its first line. */
function readProse(path, text) {
  if (PAGES.test(path)) {
    // Fenced code is read for its comments, inline code not at all.
    let isCode = false;
    return text.split('\n').map((line, n) => {
      if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
      const prose = isCode
        ? (/\/\/.*$/.exec(line)?.[0] ?? '')
        : line.replaceAll(/`[^`]*`|\]\([^)]*\)/g, '');
      return { text: prose, line: n + 1 };
    });
  }
  if (TESTS.test(path)) return readTitles(text).map(({ title, line }) => ({ text: title, line }));
  return readTokens(text).filter(
    ({ kind, text: token }) => kind === 'comment' || (/ /.test(token) && !SQL.test(token)),
  );
}

/** Returns the refused words of a text as `{ line, word, use }`. */
export function findWords(path, text) {
  const lines = text.split('\n');
  return readProse(path, text)
    .flatMap((part) => part.text.split('\n').map((prose, n) => ({ prose, line: part.line + n })))
    .filter(({ line }) => !/words-ok: \S/.test(lines[line - 1]))
    .flatMap(({ prose, line }) =>
      RULES.flatMap(({ pattern, use }) =>
        [...prose.matchAll(pattern)].map(([word]) => ({ line, word, use })),
      ),
    );
}

/** Returns the refused words of a checkout as `{ path, line, word, use }`; only below `paths`, if there are any. */
export function findAllWords(tree = root, paths = []) {
  return findFiles(tree, /\.(?:tsx?|mjs|md)$/)
    .filter((path) => SOURCES.test(path) || TESTS.test(path) || PAGES.test(path))
    .filter((path) => !GENERATED.test(path))
    .filter((path) => paths.length === 0 || paths.some((part) => path.startsWith(part)))
    .flatMap((path) => findWords(path, readSource(tree, path)).map((hit) => ({ path, ...hit })));
}

/** Returns hits counted by area: the first two folders of a package, else the first folder. */
export function countByArea(hits) {
  const counts = {};
  for (const { path } of hits) {
    const area = /^packages\/[^/]+\/[^/]+|^[^/]+/.exec(path)[0];
    counts[area] = (counts[area] ?? 0) + 1;
  }
  return counts;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { report: { type: 'boolean' }, tree: { type: 'string' } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const hits = findAllWords(values.tree, positionals);
  const lines = values.report
    ? Object.entries(countByArea(hits)).map(([area, count]) => `words: ${area} ${count}`)
    : hits.map(({ path, line, word, use }) => `${path}:${line}: '${word}'; write instead: ${use}`);
  process.stdout.write(`${[...lines, `words: ${hits.length} refused`].join('\n')}\n`);
  process.exit(hits.length > 0 && !values.report ? 1 : 0);
}
