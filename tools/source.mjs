// What the tools read of a checkout: its files, and the comments, strings and test titles of a source.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', '.cache', '.git', '.turbo']);

/** Returns the paths of a checkout that match `pattern`, relative, with forward slashes and sorted. */
export function findFiles(tree, pattern, folder = '') {
  return readdirSync(join(tree, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory())
        return LEFT_OUT.has(entry.name) ? [] : findFiles(tree, pattern, path);
      return entry.isFile() && pattern.test(path) ? [path] : [];
    })
    .sort();
}

/** Returns the text of a file of the checkout. */
export function readSource(tree, path) {
  return readFileSync(join(tree, path), 'utf8');
}

/** Returns a path with forward slashes, relative to the checkout. */
export function toRelative(tree, path) {
  return relative(tree, path).split(sep).join('/');
}

const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\//.source;
/** Templates are understood up to one template inside another. */
const HOLE = /\$\{(?:[^{}`]|\{[^{}]*\}|`(?:\$\{[^{}]*\}|[^`$])*`)*\}/.source;
const TEXT = `'(?:\\\\.|[^'\\\\\\n])*'|"(?:\\\\.|[^"\\\\\\n])*"|\`(?:\\\\[^]|${HOLE}|[^\`\\\\])*\``;
const CLASS = /\[(?:\\.|[^\]\\\n])*\]/.source;
const PATTERN = `(?<=(?:[=(,:;!&|?{}[\\n]|=>|return)\\s*)/(?:\\\\.|${CLASS}|[^/\\\\\\n*[])(?:\\\\.|${CLASS}|[^/\\\\\\n[])*/`;
const TOKEN = new RegExp(`(?<comment>${COMMENT})|(?<text>${TEXT})|${PATTERN}`, 'g');

/** Returns the comments and strings of a JavaScript or TypeScript source, each with the line that it begins on. */
export function readTokens(source) {
  const tokens = [];
  let line = 1;
  let at = 0;
  for (const { 0: match, index, groups } of source.matchAll(TOKEN)) {
    line += source.slice(at, index).split('\n').length - 1;
    at = index;
    const kind = groups.comment ? 'comment' : groups.text ? 'text' : undefined;
    if (kind) tokens.push({ kind, text: match, line, index });
  }
  return tokens;
}

const CALL = /(?<![\w$.])(?:it|test|describe)\b(?:\.\w+)*(?:<[^()]*>)?\(\s*$/;
/** The second call of `it.each(rows)('title')` and its relatives. */
const TABLE = /\)\s*\(\s*$/;
const LABEL = / \[([^[\]]+)\]$/;

/**
 * Returns the titles of tests and groups in a formatted source as `{ title, ids, within, isSkipped, text, line }`. `ids` are the
 * requirements named at the end of a title, `within` the titles of the groups around it.
 */
export function readTitles(source) {
  const open = [];
  return readTokens(source).flatMap(({ kind, text, line, index }) => {
    const before = source.slice(Math.max(0, index - 120), index);
    if (kind !== 'text' || !(CALL.test(before) || TABLE.test(before))) return [];
    const label = LABEL.exec(text.slice(1, -1));
    const title = text.slice(1, -1).slice(0, label?.index).replaceAll(/\\(.)/g, '$1');
    // A title on a separate line is indented once more than its call.
    const [, space, rest] = /(?:^|\n)([ \t]*)([^\n]*)$/.exec(source.slice(0, index));
    const indent = space.length - (rest === '' ? 2 : 0);
    while (open.length > 0 && open.at(-1).indent >= indent) open.pop();
    const within = open.map((outer) => outer.title);
    open.push({ title, indent });
    const isSkipped = /\.(?:skip|todo|fails)\b[^\n]*$/.test(before);
    return [{ title, ids: label?.[1].split(', ') ?? [], within, isSkipped, text, line }];
  });
}
