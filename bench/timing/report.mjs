// Describes measurements in words.
import { compare, quartilesOf, THRESHOLD } from './statistics.mjs';
import { AGAIN, FIRST, LAST, MALFORMED, OTHER, RIGHT } from './subjects.mjs';

/** The pairs that are compared, and what a difference would mean. */
const PAIRS = [
  [FIRST, LAST, 'must not differ: a difference would reveal how much of a guess is right'],
  [AGAIN, LAST, 'must not differ: they are the same, so the method would be wrong'],
  [OTHER, LAST, 'may differ: it reveals whether an id exists, and ids are not secret'],
  [RIGHT, LAST, 'may differ: so does the result'],
  [MALFORMED, LAST, 'may differ: the form of a token is not secret'],
];

/** Returns the lines to print, whether a secret leaks, and whether the method is unsound. */
export function report(name, times) {
  const rows = Object.entries(times).map(([kind, set]) => {
    const [low, middle, high] = quartilesOf(set).map((time) => Math.round(time));
    return `| ${kind} | ${middle} | ${low} to ${high} |`;
  });
  const findings = PAIRS.map(([left, right, meaning]) => {
    const t = compare(times[left], times[right]);
    return { left, right, meaning, t, isApart: Math.abs(t) > THRESHOLD };
  });
  const told = findings.map(({ left, right, meaning, t, isApart }) => {
    const verdict = isApart ? 'differ' : 'do not differ measurably';
    return `- **${left}** and **${right}** ${verdict} (t = ${t.toFixed(1)}); ${meaning}.`;
  });
  const table = ['| token | median, ns | quartiles, ns |', '| --- | --- | --- |', ...rows];
  return {
    lines: [`## ${name}`, '', ...table, '', ...told, ''],
    leaks: findings[0].isApart,
    isUnsound: findings[1].isApart,
  };
}
