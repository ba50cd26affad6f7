// Connects the requirements with the tests that name them. Run by itself it writes the page of the site that lists
// them; the page is generated with the site and not committed.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFiles, readSource, readTitles } from './source.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Tests, and the suites of the testkit, which several packages run. */
const TESTS =
  /^(?:packages\/(?:[^/]+\/test|testkit\/src|simulation\/src)|examples|test|bench)\/.*\.(?:ts|mjs)$/;
const STANDARD = /^(?:ASVS|RFC|NIST|CWE|CVE|Fetch Metadata)\b/;
const PAGE = ['docs/quality/requirements.md', 'docs/requirements.md'].find((path) =>
  existsSync(join(root, path)),
);

/** Returns the titles of all tests of a checkout, each with its file. */
export function findTitles(tree = root) {
  return findFiles(tree, TESTS).flatMap((file) =>
    readTitles(readSource(tree, file)).map((title) => ({ ...title, file })),
  );
}

/**
 * Returns the groups of a requirements page as `{ title, requirements: [{ id, text, standards }] }`; `elsewhere` is the
 * group of what is not shown by tests, as `{ title, lines }`.
 *
 * @throws {Error} when a line of a group has no name
 */
export function readRequirements(page = readSource(root, PAGE)) {
  const groups = [];
  let elsewhere;
  for (const section of page.split(/^## /m).slice(1)) {
    const title = section.slice(0, section.indexOf('\n'));
    const lines = section
      .split(/^- /m)
      .slice(1)
      .map((text) => text.trim().replaceAll(/\s*\n\s*/g, ' '));
    const requirements = lines.filter((line) => line.startsWith('**')).map(readRequirement);
    if (requirements.length === lines.length) groups.push({ title, requirements });
    else if (requirements.length > 0) throw new Error(`${title}: a line has no name`);
    else elsewhere = { title, lines: lines.map(splitStandards) };
  }
  return { groups, elsewhere };
}

function readRequirement(line) {
  const [, id, rest] = /^\*\*([a-z-]+\.[a-z-]+)\*\* (.*)$/.exec(line) ?? [];
  if (id === undefined) throw new Error(`Expected a requirement with its name, got: ${line}`);
  return { id, ...splitStandards(rest) };
}

/** The parentheses at the end hold the standards that require a line. */
function splitStandards(line) {
  const [, text, list] = /^(.*?)(?: \(([^()]*)\))?$/.exec(line);
  const standards = (list ?? '').split('; ').filter((name) => name !== '');
  return standards.every((name) => STANDARD.test(name))
    ? { text, standards }
    : { text: line, standards: [] };
}

/** Returns what is missing: requirements without a test, titles without a requirement, skipped tests. */
export function findGaps({ groups }, titles) {
  const ids = groups.flatMap(({ requirements }) => requirements.map(({ id }) => id));
  const named = new Set(titles.flatMap((title) => title.ids));
  return [
    ...ids.filter((id, n) => ids.indexOf(id) !== n).map((id) => `${id} names two requirements`),
    ...ids.filter((id) => !named.has(id)).map((id) => `${id} is shown by no test`),
    ...titles.flatMap(({ file, title, ids: labels, isSkipped }) => [
      ...labels
        .filter((id) => !ids.includes(id))
        .map((id) => `${file}: '${title}' names ${id}, which is not a requirement`),
      ...(isSkipped && labels.length > 0 ? [`${file}: '${title}' is skipped`] : []),
    ]),
  ];
}

/** Returns the page as Markdown. */
export function writePage({ groups, elsewhere }, titles) {
  const sections = groups.map(({ title, requirements }) => {
    const lines = requirements.map(({ id, text, standards }) => {
      const shown = titles
        .filter(({ ids }) => ids.includes(id))
        .map(
          ({ within, title: test, file }) =>
            `- ${[...within, test].map(toText).join(' › ')} \`${file}\``,
        );
      return [`### ${id}\n`, `${withStandards({ text, standards })}\n`, ...new Set(shown)].join(
        '\n',
      );
    });
    return `## ${title}\n\n${lines.join('\n\n')}\n`;
  });
  const clauses = new Map();
  for (const { id, standards } of groups.flatMap(({ requirements }) => requirements))
    for (const clause of standards.flatMap(splitClauses))
      clauses.set(clause, [...(clauses.get(clause) ?? []), `[${id}](#${id.replaceAll('.', '-')})`]);
  const byStandard = [...clauses]
    .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
    .map(([clause, links]) => `- ${clause}: ${links.join(', ')}`);
  return [
    '# Evidence\n',
    'Each requirement with the tests that show it, generated from the titles of the tests. An ellipsis stands for a value of one case.\n',
    ...sections,
    `## By standard\n\n${byStandard.join('\n')}\n`,
    `## ${elsewhere.title}\n\n${elsewhere.lines.map((line) => `- ${withStandards(line)}`).join('\n')}\n`,
  ].join('\n');
}

function withStandards({ text, standards }) {
  return standards.length === 0 ? text : `${text} (${standards.join('; ')})`;
}

/** `ASVS 7.3.2, 10.4.8` are two clauses. */
function splitClauses(standard) {
  const [, name, clauses] = /^(.*?)(?: ([A-Z\d][\d.]*(?:, [\d.]+)*))?$/.exec(standard);
  return clauses === undefined ? [name] : clauses.split(', ').map((clause) => `${name} ${clause}`);
}

/** Returns a title as text of a page, without markup; values of cases become an ellipsis. */
function toText(title) {
  return title
    .replaceAll(/%[a-z#]|\$\{[^}]*\}|\$[a-z]\w*/gi, '…')
    .replaceAll(/[\\*_`[\]|]/g, '\\$&')
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '&#123;{');
}

/** Writes a file that others may be reading: they see all of it, and no change if there is none. */
function replaceFile(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const requirements = readRequirements();
  const titles = findTitles();
  const folder = PAGE.startsWith('docs/quality/') ? 'docs/quality' : 'docs/security';
  replaceFile(join(root, folder, 'evidence.md'), writePage(requirements, titles));
  const gaps = findGaps(requirements, titles);
  for (const gap of gaps) process.stdout.write(`${gap}\n`);
  const count = requirements.groups.flatMap((group) => group.requirements).length;
  const shown = titles.filter(({ ids }) => ids.length > 0).length;
  process.stdout.write(`evidence: ${count} requirements, shown by ${shown} tests\n`);
  process.exit(gaps.length > 0 ? 1 : 0);
}
