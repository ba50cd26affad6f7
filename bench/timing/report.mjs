// Says in words what measurements tell.
import { compare, quartilesOf, THRESHOLD } from './statistics.mjs';
import { AGAIN, FIRST, LAST, MALFORMED, OTHER, RIGHT } from './subjects.mjs';

/** What is held against what, and whether a difference gives something away. */
const PAIRS = [
  [FIRST, LAST, 'must not differ: a difference would tell how much of a guess is right'],
  [AGAIN, LAST, 'must not differ: they are the same, and the method would be to blame'],
  [OTHER, LAST, 'may differ: it tells whether an id is of a session, and ids are no secret'],
  [RIGHT, LAST, 'may differ: so does the answer'],
  [MALFORMED, LAST, 'may differ: the form of a token is no secret'],
];

/** Lines for the console and for the page, whether what must not differ does, and whether chance alone tells apart. */
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
    const verdict = isApart ? 'can be told apart' : 'cannot be told apart';
    return `- **${left}** and **${right}** ${verdict} (t = ${t.toFixed(1)}); ${meaning}.`;
  });
  const table = ['| token | median, ns | quartiles, ns |', '| --- | --- | --- |', ...rows];
  return {
    lines: [`## ${name}`, '', ...table, '', ...told, ''],
    leaks: findings[0].isApart,
    isUnsound: findings[1].isApart,
  };
}
