// Writes the page of the site that lists, for each requirement, the tests that show it.

const HEAD = `# Evidence

The lines of the [requirements](../requirements.md), each with the tests that show it, by their titles. \`npm run evidence\` writes this page
out of the requirements and the titles; a test fails when a line has no test, when a title names no line, and when this page is not what it
should be.

Three dots stand where a title names one of several cases. What lies in \`packages/testkit/src\` are suites: \`adapter-suite\` is run by every
adapter over real sockets, with opaque, signed and stateless tokens, \`store-suite\` and \`denylist-suite\` by every store and denylist.
The suites in \`test/demo\` run for each of the three hosts of the demo.
`;

/** The page, as Markdown that the formatter has nothing to say about. */
export function writePage({ groups, elsewhere }, titles) {
  const sections = groups.map(({ title, requirements }) => {
    const lines = requirements.map((requirement) => writeRequirement(requirement, titles));
    return `## ${title}\n\n${lines.join('\n\n')}\n`;
  });
  return [HEAD, ...sections, writeStandards(groups), writeElsewhere(elsewhere)].join('\n');
}

function writeRequirement({ id, text, standards }, titles) {
  const shown = titles
    .filter((title) => title.ids.includes(id))
    .map(({ within, title, file }) => {
      return `- ${[...within, title].map(toText).join(' › ')} \`${file}\``;
    });
  const asked = standards.length === 0 ? '' : ` (${standards.join('; ')})`;
  return [`### ${id}\n`, `${text}${asked}\n`, ...new Set(shown)].join('\n');
}

/** By clause of each standard, for whoever comes with one in hand. */
function writeStandards(groups) {
  const rows = new Map();
  for (const { id, standards } of groups.flatMap(({ requirements }) => requirements)) {
    for (const clause of standards.flatMap(clausesOf))
      rows.set(clause, [...(rows.get(clause) ?? []), id]);
  }
  const lines = [...rows]
    .sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }))
    .map(
      ([clause, ids]) => `- ${clause}: ${ids.map((id) => `[${id}](#${anchorOf(id)})`).join(', ')}`,
    );
  return `## By standard\n\n${lines.join('\n')}\n`;
}

/** `ASVS 7.3.2, 10.4.8` are two. */
function clausesOf(standard) {
  const [, name, clauses] = /^(.*?)(?: ([A-Z\d][\d.]*(?:, [\d.]+)*))?$/.exec(standard);
  return clauses === undefined ? [name] : clauses.split(', ').map((clause) => `${name} ${clause}`);
}

function writeElsewhere({ title, lines }) {
  const items = lines.map(({ text, standards }) => {
    return `- ${text}${standards.length === 0 ? '' : ` (${standards.join('; ')})`}`;
  });
  return `## ${title}\n\nNo test here shows these; who has to see to them stands with each.\n\n${items.join('\n')}\n`;
}

/** As the site makes anchors of headings. */
const anchorOf = (id) => id.replaceAll('.', '-');

/** A title as text of a page: nothing in it is markup, and what tests put in at run time is left open. */
function toText(title) {
  return title
    .replaceAll(/%[a-z#]|\$\{[^}]*\}|\$[a-z]\w*/gi, '…')
    .replaceAll(/[\\*_`[\]|]/g, '\\$&')
    .replaceAll('<', '&lt;')
    .replaceAll('{{', '&#123;{');
}
