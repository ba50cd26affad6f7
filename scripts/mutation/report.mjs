// Reads what Stryker reports: the score of each file, and the survivors that nothing explains.

const SURVIVED = new Set(['Survived', 'NoCoverage']);

/** The text on one line, and of a long one only the beginning. */
function brief(text) {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function originalOf(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return brief(lines.join('\n'));
}

function* mutantsOf(report, files) {
  for (const file of files) {
    const { source, mutants } = report.files[file] ?? { mutants: [] };
    for (const { location, replacement, status } of mutants) {
      const [from, to] = [originalOf(source, location), brief(replacement)];
      yield { file, line: location.start.line, from, to, status };
    }
  }
}

/** The entry that explains a survivor: of its file, with the same change, on a line that holds `on`, if it says so. */
function explain({ file, from, to, line }, { report, explained }) {
  const text = report.files[file].source.split('\n')[line - 1];
  return explained.find(
    (entry) =>
      file.endsWith(`/${entry.file}`) &&
      entry.from === from &&
      entry.to === to &&
      (entry.on === undefined || text.includes(entry.on)),
  );
}

/** Survivors that nothing explains, and explanations of what does not survive. */
export function findSurvivors(report, { files, explained }) {
  const unexplained = [];
  const used = new Set();
  for (const mutant of mutantsOf(report, files)) {
    if (!SURVIVED.has(mutant.status)) continue;
    const entry = explain(mutant, { report, explained });
    if (entry === undefined) unexplained.push(mutant);
    else used.add(entry);
  }
  const stale = explained.filter(
    (entry) => !used.has(entry) && files.some((file) => file.endsWith(`/${entry.file}`)),
  );
  return { unexplained, stale };
}

/** Counts by file, those of folders after their files, and those of all at the end. */
export function summarize(report, { files, explained }) {
  const counts = new Map();
  for (const mutant of mutantsOf(report, files)) {
    const name = mutant.file.split('/').slice(-2).join('/');
    const folder = `${name.split('/')[0]}/`;
    for (const row of [name, folder, 'all']) count(counts, row, mutant, { report, explained });
  }
  const rank = (name) => (name === 'all' ? '~' : name.endsWith('/') ? `${name}~` : name);
  return [...counts.values()].sort((a, b) => (rank(a.name) < rank(b.name) ? -1 : 1));
}

function count(counts, name, mutant, known) {
  const row = counts.get(name) ?? {
    name,
    killed: 0,
    timeout: 0,
    survived: 0,
    uncovered: 0,
    explained: 0,
  };
  counts.set(name, row);
  if (mutant.status === 'Killed') row.killed += 1;
  if (mutant.status === 'Timeout') row.timeout += 1;
  if (mutant.status === 'Survived') row.survived += 1;
  if (mutant.status === 'NoCoverage') row.uncovered += 1;
  if (SURVIVED.has(mutant.status) && explain(mutant, known) !== undefined) row.explained += 1;
}

/** The counts as Markdown, for docs/tests.md. */
export function toTable(rows) {
  const cells = rows.map((row) => {
    const detected = row.killed + row.timeout;
    const all = detected + row.survived + row.uncovered;
    const score = all === 0 ? '' : `${((100 * detected) / all).toFixed(1)} %`;
    return [row.name, score, row.killed, row.timeout, row.survived, row.uncovered, row.explained];
  });
  const head = ['file', 'score', 'killed', 'timed out', 'survived', 'not reached', 'explained'];
  const lines = [head, head.map(() => '---'), ...cells];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
