import { type Plan, POLICY, type Step, type StepKind } from './plan.js';
import { createPrng, deriveSeed, type Prng } from './prng.js';
import { runPlan, type SimulationSubject } from './run.js';

/** Ways to make use of a copied refresh token. */
export const THIEVES = {
  once: 'refreshes once, at a random moment, and uses what it brings',
  alternating: 'refreshes at a random moment between any two refreshes of the victim',
  'just behind': 'refreshes within half of the grace after the victim, each time',
  behind: 'refreshes within three graces after the victim, each time',
  'just ahead':
    'refreshes within half of the grace before the victim, each time, and uses it immediately',
  ahead: 'refreshes within three graces before the victim, each time, and uses it immediately',
  'ahead, waiting': 'the same, and uses it only after the victim has refreshed too',
} as const;

export type Thief = keyof typeof THIEVES;

/** How thieves of one kind fare. */
export interface ThiefReport {
  readonly thief: Thief;
  readonly histories: number;
  /** Histories in which the theft was reported and the session ended. */
  readonly detected: number;
  /** How often the thief got new tokens before that, on average. */
  readonly abuses: number;
}

const { grace, accessTtl, absoluteTtl } = POLICY;
/** A client refreshes when its access token has run out; what is left of the session's time is enough for these. */
const REFRESHES = Math.floor(absoluteTtl / accessTtl) - 1;

/**
 * How many thieves rotation finds: a victim with one tab on a good network refreshes each time that its access token
 * runs out, until the absolute deadline; the thief has a copy from a random moment of the first half of that time.
 */
export async function measureThieves(
  options: SimulationSubject & { readonly seed: number; readonly histories: number },
): Promise<readonly ThiefReport[]> {
  const reports: ThiefReport[] = [];
  for (const thief of Object.keys(THIEVES) as Thief[]) {
    let detected = 0;
    let abuses = 0;
    for (let n = 0; n < options.histories; n += 1) {
      const plan = planTheft(thief, deriveSeed(options.seed, n));
      const { seen, violation } = await runPlan(plan, options);
      if (violation !== undefined) throw new Error(`${violation.invariant}: ${violation.text}`);
      if ((seen['thefts'] ?? 0) === 0) continue;
      detected += 1;
      abuses += seen['abuses'] ?? 0;
    }
    const { histories } = options;
    reports.push({ thief, histories, detected, abuses: detected === 0 ? 0 : abuses / detected });
  }
  return reports;
}

function planTheft(thief: Thief, seed: number): Plan {
  const prng = createPrng(seed);
  const steps: Step[] = [];
  const add = (kind: StepKind, at: number): void => {
    const luck = { process: 0, browser: 0, amount: 0, spare: false, isCalm: true };
    steps.push({ kind, at, seed: deriveSeed(seed, steps.length), ...luck });
  };

  add('login', 0);
  const refreshes = Array.from({ length: REFRESHES }, (_, n) => {
    return (n + 1) * accessTtl + prng.between(0, 5_000);
  });
  for (const at of refreshes) {
    add('refresh', at);
    // Each refresh is followed by a call.
    add('verify', at + 50);
  }
  const first = prng.between(0, Math.floor(REFRESHES / 2));
  const copiedAt = first * accessTtl + prng.between(6_000, accessTtl - 4 * grace);
  add('steal', copiedAt);
  for (const [abuse, exploit] of abusesOf(thief, { prng, copiedAt, refreshes })) {
    add('abuse', abuse);
    add('exploit', exploit);
  }
  const weather = { lost: 0, slow: 0, storeLost: 0, storeSlow: 0, repeated: 0 };
  steps.sort((left, right) => left.at - right.at);
  return { seed, processes: 2, users: ['ada'], weather, steps };
}

/** When a thief refreshes, and when he uses what that brings. */
function abusesOf(
  thief: Thief,
  given: { readonly prng: Prng; readonly copiedAt: number; readonly refreshes: readonly number[] },
): (readonly [number, number])[] {
  const { prng, copiedAt } = given;
  const left = given.refreshes.filter((at) => at > copiedAt + 4 * grace);
  const somewhat = (most: number): number => prng.between(100, most);
  const atOnce = (at: number): readonly [number, number] => [at, at + 50];
  switch (thief) {
    case 'once':
      return [atOnce(copiedAt + somewhat(2 * grace))];
    case 'alternating':
      return left.map((at) => atOnce(at + somewhat(accessTtl - 6_000)));
    case 'just behind':
      return left.map((at) => atOnce(at + somewhat(grace / 2)));
    case 'behind':
      return left.map((at) => atOnce(at + somewhat(3 * grace)));
    case 'just ahead':
      return left.map((at) => atOnce(at - somewhat(grace / 2)));
    case 'ahead':
      return left.map((at) => atOnce(at - somewhat(3 * grace)));
    case 'ahead, waiting':
      return left.map((at) => [at - somewhat(3 * grace), at + 1_000]);
  }
}

/** The figures as a table, to be published. */
export function describeThieves(reports: readonly ThiefReport[]): string {
  const rows = reports.map(({ thief, histories, detected, abuses }) => {
    const share = `${((100 * detected) / histories).toFixed(1)} %`;
    const after = detected === 0 ? '' : `, after ${abuses.toFixed(1)} refreshes of the thief`;
    return `  ${thief.padEnd(16)}${share.padStart(8)}${after} (${THIEVES[thief]})`;
  });
  return [`thieves found, of ${reports[0]?.histories ?? 0} each:`, ...rows].join('\n');
}
