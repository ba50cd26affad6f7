import { groupBy } from './checks/sessions.js';
import type { Disturbance, Finding, History, Kind, Operation, Outcome } from './history.js';

/** What a run came to, in a paragraph. */
export function summarise(given: {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  readonly workers: number;
  readonly history: History;
  readonly findings: readonly Finding[];
  readonly troubles: readonly string[];
  /** Milliseconds from the last disturbance until every process could do everything. */
  readonly recovery: number;
}): string {
  const { name, seed, seconds, workers, history, findings, troubles, recovery } = given;
  const { operations, disturbances } = history;
  const lost = disturbances.filter(({ mayLose }) => mayLose).length;
  const violations = findings.filter(({ verdict }) => verdict === 'violation');
  const explained = findings.filter(({ verdict }) => verdict === 'failover');
  const lines = [
    `history on ${name}: seed ${seed}, ${seconds} s, ${workers} processes, ${operations.length} calls (${(operations.length / seconds).toFixed(0)}/s).`,
    `Calls (ok/failed/unknown): ${countCalls(operations)}.`,
    `Longest and p99, ms: ${countTimes(operations)}.`,
    `Disturbances: ${countDisturbances(disturbances)}; ${lost} may have lost writes.`,
    `Lost to failovers: ${countFindings(explained) || 'nothing'}.${revivals(explained)}${givenUp(history)}`,
    `Whole again ${recovery.toFixed(0)} ms after the last disturbance.`,
    ...(troubles.length === 0 ? [] : [`The nemesis could not: ${troubles.join('; ')}.`]),
    `Violations: ${countFindings(violations) || 'none'}.`,
  ];
  return lines.join('\n  ');
}

function countCalls(operations: readonly Operation[]): string {
  const count = (calls: readonly Operation[], outcome: Outcome): number =>
    calls.filter((call) => call.outcome === outcome).length;
  return [...groupBy(operations, ({ kind }) => kind)]
    .sort(([left], [right]) => left.localeCompare(right))
    .map(
      ([kind, calls]) =>
        `${kind} ${count(calls, 'ok')}/${count(calls, 'failed')}/${count(calls, 'unknown')}`,
    )
    .join(', ');
}

function countTimes(operations: readonly Operation[]): string {
  const describe = (name: string, calls: readonly Operation[]): string => {
    const times = calls.map(({ from, to }) => to - from).sort((left, right) => left - right);
    const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
    return `${name} ${(times.at(-1) ?? 0).toFixed(0)}/${p99.toFixed(0)}`;
  };
  const kinds: readonly Kind[] = ['verify', 'refresh', 'update'];
  const starved = operations.reduce((most, call) => Math.max(most, call.starved), 0);
  return [
    describe('all', operations),
    ...kinds.map((kind) =>
      describe(
        kind,
        operations.filter((call) => call.kind === kind),
      ),
    ),
    `of which without a processor up to ${starved.toFixed(0)}`,
  ].join(', ');
}

function countDisturbances(disturbances: readonly Disturbance[]): string {
  return (
    [...groupBy(disturbances, ({ kind }) => kind)]
      .map(([kind, all]) => `${all.length} ${kind}`)
      .join(', ') || 'none'
  );
}

function countFindings(findings: readonly Finding[]): string {
  return [...groupBy(findings, ({ rule }) => rule)]
    .map(([rule, found]) => {
      const sessions = new Set(found.map(({ session }) => session)).size;
      return `'${rule}' ${found.length} times in ${sessions} session${sessions === 1 ? '' : 's'}`;
    })
    .join(', ');
}

function revivals(explained: readonly Finding[]): string {
  const lasted = explained.flatMap((finding) => finding.lasted ?? []);
  if (lasted.length === 0) return '';
  return ` Revived sessions were last accepted ${Math.max(...lasted).toFixed(0)} ms after the failover was over.`;
}

function givenUp({ events }: History): string {
  const count = events.filter(({ cause }) => cause === 'lost-writes').length;
  return count === 0 ? '' : ` ${count} sessions given up for lost rotations.`;
}
