// Compares the survivors of a report with survivors.tsv, and counts the mutants.

const SURVIVED = new Set(['Survived', 'NoCoverage']);
/** Columns of the table, by the status of a mutant in a report. */
const COLUMNS = {
  Killed: 'killed',
  Timeout: 'timed out',
  Survived: 'survived',
  NoCoverage: 'not reached',
  Ignored: 'ignored',
};

/** Returns the entries of survivors.tsv: the file below core/src, the change, and a part of its line if it has several. */
export function readExplanations(text) {
  const [head, ...lines] = text.trim().split('\n');
  const names = head.split('\t');
  return lines.map((line) =>
    Object.fromEntries(line.split('\t').map((cell, index) => [names[index], cell])),
  );
}

/** Returns the survivors in `files` that nothing explains, and the explanations of what does not survive. */
export function compareSurvivors(report, { files, explanations }) {
  const used = new Set();
  const unexplained = survivorsOf(report, files).filter((survivor) => {
    const found = explanations.filter(
      (entry) =>
        survivor.file.endsWith(`/src/${entry.file}`) &&
        survivor.from === entry.from &&
        survivor.to === entry.to &&
        survivor.text.includes(entry['on the line with']),
    );
    for (const entry of found) used.add(entry);
    return found.length === 0;
  });
  const stale = explanations.filter(
    (entry) => !used.has(entry) && files.some((file) => file.endsWith(`/src/${entry.file}`)),
  );
  return { unexplained, stale };
}

function survivorsOf(report, files) {
  return files.flatMap((file) => {
    const { source, mutants } = report.files[file] ?? { mutants: [] };
    return mutants
      .filter(({ status }) => SURVIVED.has(status))
      .map(({ location, replacement }) => ({
        file,
        line: location.start.line,
        text: source.split('\n')[location.start.line - 1],
        from: shorten(cut(source, location)),
        to: shorten(replacement),
      }));
  });
}

/** Returns the text on one line, and only the beginning of a long one. */
function shorten(text) {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function cut(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join('\n');
}

/** Returns the counts of `files`, their folders and all as a table in Markdown. */
export function toTable(report, files) {
  const rows = new Map();
  for (const file of files) {
    const name = file.slice(file.indexOf('/src/') + '/src/'.length);
    for (const row of [name, `${name.split('/')[0]}/`, 'all']) {
      const counts = rows.get(row) ?? {};
      rows.set(row, counts);
      for (const { status } of report.files[file]?.mutants ?? [])
        counts[status] = (counts[status] ?? 0) + 1;
    }
  }
  const statuses = Object.keys(COLUMNS);
  const lines = [...rows].map(([name, counts]) => [
    name,
    scoreOf(counts),
    ...statuses.map((status) => counts[status] ?? 0),
  ]);
  const head = ['', 'score', ...Object.values(COLUMNS)];
  const rule = head.map(() => '---');
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function scoreOf({ Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0 }) {
  const detected = Killed + Timeout;
  const all = detected + Survived + NoCoverage;
  return all === 0 ? '' : `${((100 * detected) / all).toFixed(1)} %`;
}
