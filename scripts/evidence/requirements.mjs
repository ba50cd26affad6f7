// Reads docs/requirements.md, which is written by hand: its groups, and in them lines with a name of their own.

const STANDARD = /^(?:ASVS|RFC|NIST|CWE|CVE|Fetch Metadata)\b/;

/**
 * Groups of requirements as `{ title, requirements: [{ id, text, standards }] }`, and under `elsewhere` what is for
 * others to see to, as `{ title, lines }`.
 */
export function readRequirements(page) {
  const sections = page.split(/^## /m).slice(1);
  const groups = [];
  let elsewhere;
  for (const section of sections) {
    const title = section.slice(0, section.indexOf('\n'));
    const lines = section.split(/^- /m).slice(1).map(toLine);
    const requirements = lines.filter(isNamed).map(readLine);
    if (requirements.length === lines.length) groups.push({ title, requirements });
    else if (requirements.length > 0) throw new Error(`${title}: a line has no name`);
    else elsewhere = { title, lines: lines.map(splitStandards) };
  }
  return { groups, elsewhere };
}

const toLine = (text) => text.trim().replaceAll(/\s*\n\s*/g, ' ');

const isNamed = (line) => line.startsWith('**');

function readLine(line) {
  const [, id, rest] = /^\*\*([a-z]+\.[a-z-]+)\*\* (.*)$/.exec(line) ?? [];
  if (id === undefined) throw new Error(`This is no requirement: ${line}`);
  return { id, ...splitStandards(rest) };
}

/** What stands in parentheses at the end are the standards that ask for it. */
function splitStandards(line) {
  const [, text, list] = /^(.*?)(?: \(([^()]*)\))?$/.exec(line) ?? [];
  const standards = (list ?? '').split('; ').filter((name) => name !== '');
  if (!standards.every((name) => STANDARD.test(name))) return { text: line, standards: [] };
  return { text, standards };
}
