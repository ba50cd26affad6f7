// A run as one page.
import { short, table } from './table.mjs';

/** @param charts id of a group → name of its picture's file */
export function writeMarkdown({
  machine,
  versions,
  date,
  groups,
  goals,
  seconds,
  redis,
  charts,
  isQuick,
}) {
  const parts = [
    '# What sessions cost',
    isQuick ? '**A trial run of seconds: these figures say nothing about speed.**' : '',
    [
      `Measured ${date} in ${seconds} s on ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system},`,
      `Node ${machine.node}, Redis ${redis} on loopback; load average ${machine.load.toFixed(2)} at the start.`,
      'Contenders took turns; figures are medians over the rounds, the spread is from the first to the third quartile.',
      'Ratios are to a baseline of the same rounds: they compare, the figures by themselves do not.',
    ].join('\n'),
    goals.length === 0 ? '' : goalSection(goals, charts.get('goals')),
    ...groups.map((group) => section(group, charts.get(group.id))),
    `## Versions\n\n${[...versions].map(([name, version]) => `${name} ${version}`).join(', ')}.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function goalSection(goals, chart) {
  const rows = goals.map(({ goal, reached, share }) => [goal, reached, share >= 1 ? 'yes' : 'NO']);
  return [
    '## Goals',
    chart === undefined ? '' : `![Goals](${chart})`,
    table(['goal', 'reached', 'met'], rows),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function section(group, chart) {
  const { title, unit, rows, baselines, isHigherBetter, notes } = group;
  const heads = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))];
  const head = ['by', unit, 'spread', ...baselines.map((name) => `× ${name}`), ...heads];
  const body = rows.map(({ name, median, low, high, ratios, cells }) => [
    name,
    short(median),
    low === high ? '' : `${short(low)} to ${short(high)}`,
    ...ratios.map((ratio) => short(ratio)),
    ...heads.map((key) => short(cells[key] ?? '')),
  ]);
  return [
    `## ${title}`,
    chart === undefined ? '' : `![${title}](${chart})`,
    table(head, body),
    [`${isHigherBetter ? 'More' : 'Less'} is better.`, ...notes].join(' '),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
