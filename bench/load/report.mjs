// Writes the table of a run.
import { growthOf, unexcused } from './verdict.mjs';

const HEAD = [
  'example',
  'requests/s',
  'p99 ms',
  '503, starved',
  'RSS MiB',
  'grown',
  'Redis MiB',
  'ended',
];

export function writeTable(results) {
  const rows = results.map((result) => {
    const { name, tokens, seconds, honest, hostile, memory, redis, ending } = result;
    const unavailable = honest.unavailable.length + hostile.unavailable.length;
    return [
      `${name}, ${tokens}`,
      Math.round((honest.requests + hostile.requests) / seconds),
      honest.p99.toFixed(1),
      `${unavailable}, ${unavailable - unexcused(result).length}`,
      `${Math.round(memory[0]?.value ?? 0)} > ${Math.round(memory.at(-1)?.value ?? 0)}`,
      `${growthOf(memory).toFixed(1)} MiB`,
      [redis.first, redis.most, redis.last].map((value) => value.toFixed(2)).join(' > '),
      `${ending.code ?? ending.signal}, ${ending.seconds.toFixed(1)} s`,
    ];
  });
  const widths = HEAD.map((title, n) =>
    Math.max(...[title, ...rows.map((row) => row[n])].map((cell) => String(cell).length)),
  );
  return [HEAD, ...rows]
    .map((row) =>
      row
        .map((cell, n) => String(cell).padEnd(widths[n]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Returns the counts of statuses, one line for each kind of request. */
export function writeStatuses({ honest, hostile }) {
  const byAction = new Map();
  for (const [key, count] of Object.entries({ ...honest.statuses, ...hostile.statuses })) {
    const [, action, status] = /^(.*) (\d+)$/.exec(key);
    byAction.set(action, [...(byAction.get(action) ?? []), `${status}: ${count}`]);
  }
  return [...byAction]
    .map(([action, all]) => `  ${action.padEnd(15)} ${all.join(', ')}`)
    .join('\n');
}
