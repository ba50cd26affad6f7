import { checkHistory } from './checker.js';
import type { Disturbance, History, Operation, Rule, ToldEvent, Tolerance } from './history.js';

// Short histories, written by hand, to try the checker on.

export const TOLERANCE: Tolerance = { lag: 100, revival: 1_000, margin: 500, timeout: 1_000 };

export type Line = Pick<Operation, 'kind' | 'from' | 'to'> & Partial<Operation>;

export interface Extras {
  readonly events?: readonly ToldEvent[];
  readonly disturbances?: readonly Disturbance[];
  readonly unanswered?: readonly string[];
}

/** A history of one subject, and of session s1 unless said otherwise. */
export function historyOf(lines: readonly Line[], extras: Extras = {}): History {
  const operations = lines.map((line, id): Operation => {
    const isWide = line.kind === 'revokeAll';
    return {
      id,
      worker: 0,
      shard: 0,
      subject: 'user',
      starved: 0,
      outcome: 'ok',
      ...(isWide ? {} : { session: 's1' }),
      ...line,
    };
  });
  return { operations, events: [], disturbances: [], unanswered: [], ...extras };
}

/** Rule and verdict of everything that is found. */
export function find(lines: readonly Line[], extras: Extras = {}): readonly string[] {
  const findings = checkHistory(historyOf(lines, extras), TOLERANCE);
  return [...new Set(findings.map(({ rule, verdict }) => `${verdict}: ${rule}`))].sort();
}

export const violation = (rule: Rule): string => `violation: ${rule}`;
export const excused = (rule: Rule): string => `failover: ${rule}`;

export const failover = (from: number, to: number, mayLose = true): Extras => ({
  disturbances: [{ kind: 'crash', shard: 0, from, to, mayLose }],
});

export function pair(generation: number, variant = ''): NonNullable<Operation['issued']> {
  return {
    refresh: `s1/r${generation}${variant}`,
    access: `s1/a${generation}${variant}`,
    generation,
  };
}

export const BIRTH: Line = { kind: 'create', from: 0, to: 10, issued: pair(0), seen: {} };
export const verify = (from: number, more: Partial<Operation> = {}): Line => ({
  kind: 'verify',
  token: 's1/a0',
  from,
  to: from + 10,
  ...more,
});
export const refresh = (
  from: number,
  token: string,
  issued: Operation['issued'],
  more: Partial<Operation> = {},
): Line => ({
  kind: 'refresh',
  token,
  from,
  to: from + 10,
  ...(issued === undefined ? { outcome: 'failed' } : { issued }),
  ...more,
});
/** Nobody knows whether it came to anything. */
export const PERHAPS: Line = { kind: 'revoke', from: 11, to: 19, outcome: 'unknown' };
export const NO = { outcome: 'failed', detail: 'unknown' } as const;
