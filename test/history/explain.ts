import { groupBy } from './checks/sessions.js';
import type { Disturbance, Finding, History, Operation } from './history.js';

/** Calls of the session that are shown; those before rarely matter. */
const SHOWN = 40;
const SHOWN_FINDINGS = 5;

/** The part of a history that findings are about: the calls on their sessions, and what was done to their shards. */
export function explainFindings(history: History, findings: readonly Finding[]): string {
  const shown = pickTelling(findings).map((finding, n) => {
    const lines = [`${n + 1}. ${finding.rule}: ${finding.text}`, ...tell(history, finding)];
    return lines.join('\n     ');
  });
  const more = findings.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
}

/** Of each rule the first, then others: one fault may show itself many times. */
function pickTelling(findings: readonly Finding[]): readonly Finding[] {
  const firsts = [...groupBy(findings, ({ rule }) => rule).values()].flatMap((all) =>
    all.slice(0, 1),
  );
  const others = findings.filter((finding) => !firsts.includes(finding));
  return [...firsts, ...others].slice(0, SHOWN_FINDINGS);
}

function tell(history: History, { session, evidence }: Finding): readonly string[] {
  const birth = history.operations.find(
    (call) => call.session === session && call.kind === 'create',
  );
  const last = Math.max(...evidence.map(({ to }) => to), -Infinity);
  const until = Number.isFinite(last) ? last : Number.POSITIVE_INFINITY;
  const isConcerned = (call: Operation): boolean =>
    evidence.includes(call) ||
    (call.from <= until &&
      ((session !== undefined && call.session === session) ||
        (call.kind === 'revokeAll' && call.subject === birth?.subject && call.to >= birth.from)));
  const calls = history.operations
    .filter(isConcerned)
    .sort((left, right) => left.from - right.from);
  const kept = calls.filter((call, n) => n >= calls.length - SHOWN || evidence.includes(call));
  const from = Math.min(...kept.map((call) => call.from));
  const shard = evidence[0]?.shard ?? birth?.shard;
  const disturbances = history.disturbances.filter(
    (one) => one.shard === shard && one.to >= from - 10_000 && one.from <= until + 1_000,
  );
  const events = history.events.filter((event) => event.session === session);
  const entries: readonly (readonly [number, string])[] = [
    ...kept.map((call) => [call.from, describe(call, evidence.includes(call))] as const),
    ...disturbances.map((one) => [one.from, describeDisturbance(one)] as const),
    ...events.map(
      ({ at, worker, name, cause = '' }) =>
        [at, `  ${time(at)}            p${worker} tells '${name}' ${cause}`] as const,
    ),
  ];
  return [...entries].sort(([left], [right]) => left - right).map(([, text]) => text);
}

function describe(call: Operation, isEvidence: boolean): string {
  const { from, to, worker, kind, token, patch, spared, outcome, detail, issued, seen } = call;
  return [
    `${isEvidence ? '>' : ' '} ${time(from)}..${time(to)} p${worker} ${kind}`,
    ...(token === undefined ? [] : [token]),
    ...(patch === undefined ? [] : [`${patch.key}=${patch.value}`]),
    ...(spared === undefined ? [] : [`sparing ${spared}`]),
    `-> ${outcome}`,
    ...(detail === undefined ? [] : [`(${detail})`]),
    ...(issued === undefined ? [] : [`${issued.refresh} ${issued.access}`]),
    ...(seen === undefined ? [] : [JSON.stringify(seen)]),
  ].join(' ');
}

function describeDisturbance({ kind, shard, from, to, mayLose }: Disturbance): string {
  return `# ${time(from)}..${time(to)} ${kind} on shard ${shard}${mayLose ? ', a replica took over' : ''}`;
}

/** Milliseconds of the last thousand seconds: the clock counts from the start of the machine. */
function time(milliseconds: number): string {
  return (milliseconds % 1_000_000).toFixed(1);
}
