// The table, and what it says about the goals of the design.

/** Markdown, columns aligned so that it reads in a terminal too. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, n) => Math.max(...cells.map((row) => row[n].length)));
  const line = (row) =>
    `| ${row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]) : cell.padStart(widths[n]))).join(' | ')} |`;
  const rule = `|${widths.map((width, n) => (n === 0 ? ` ${'-'.repeat(width)} ` : ` ${'-'.repeat(width - 1)}: `)).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

/** Rows of one operation: each contender's time, and how many bare HGETs could be had for it. */
export function timeRows(operation, seen, bare) {
  return [...seen].map(([name, { median, low, high }]) => [
    operation,
    name,
    micro(median),
    `${micro(low)} to ${micro(high)}`,
    `${(median / bare.median).toFixed(2)}`,
  ]);
}

export const TIME_HEAD = ['operation', 'by', 'µs an op', 'quartiles', 'in bare HGETs'];

function micro(time) {
  if (time >= 1_000) return Math.round(time).toLocaleString('en');
  return time.toFixed(time >= 100 ? 0 : 1);
}

/** One goal: what was reached, and whether that will do. */
export function goalRow(goal, reached, isMet) {
  return [goal, reached, isMet ? 'yes' : 'NO'];
}

export const GOAL_HEAD = ['goal', 'reached', 'met'];
