// Puts the requirements and the tests that name them together.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { readTitles } from './titles.mjs';

/** Where tests are, suites that are run by several of them included. */
const FOLDERS = [
  'packages/*/test',
  'packages/testkit/src',
  'examples/*/test',
  'test',
  'scripts',
  'bench/test',
];
const NO_TESTS = ['node_modules', 'dist', 'templates'];

/** Every title there is, with the file that it stands in. */
export function findTitles(root) {
  return FOLDERS.flatMap((pattern) => foldersOf(root, pattern))
    .flatMap((folder) => filesBelow(folder))
    .sort()
    .flatMap((path) =>
      readTitles(readFileSync(path, 'utf8')).map((title) => ({
        ...title,
        file: relative(root, path).split(sep).join('/'),
      })),
    );
}

/** What is missing on either side, in sentences. */
export function findGaps({ groups }, titles) {
  const ids = groups.flatMap(({ requirements }) => requirements.map(({ id }) => id));
  const named = new Set(titles.flatMap((title) => title.ids));
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  return [
    ...twice.map((id) => `${id} is the name of two requirements`),
    ...ids.filter((id) => !named.has(id)).map((id) => `${id} is shown by no test`),
    ...titles.flatMap(({ file, title, ids: labels, isSkipped }) => [
      ...labels
        .filter((id) => !ids.includes(id))
        .map((id) => `${file}: '${title}' names ${id}, which is no requirement`),
      ...(isSkipped && labels.length > 0 ? [`${file}: '${title}' is not run`] : []),
    ]),
  ];
}

function foldersOf(root, pattern) {
  const [before, after] = pattern.split('/*/');
  if (after === undefined) return [join(root, pattern)];
  return readdirSync(join(root, before), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, before, name, after));
}

function filesBelow(folder) {
  const entries = readdirIfThere(folder);
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NO_TESTS.includes(entry.name) ? [] : filesBelow(path);
    return /\.(?:ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function readdirIfThere(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
