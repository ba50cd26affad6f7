import { type Plan, POLICY, type Step, type StepKind, type Weather } from './plan.js';
import { createPrng, deriveSeed, type Prng } from './prng.js';

const { grace } = POLICY;
/** Edges of the rules are where the mistakes are. Milliseconds between one scene and the next. */
const GAPS = [
  100,
  1_500,
  grace / 2,
  grace,
  grace + 1_500,
  2 * grace,
  3 * grace,
  60_000,
  POLICY.accessTtl,
  POLICY.idleTtl - grace,
] as const;
const SPREADS = [0, 5, 60, 700, 3_000] as const;
const USERS = ['ada', 'ada', 'bob', 'ada'] as const;
const LARGEST_SKEW = 30_000;
const SCENES = 7;

/** What may happen in a history: not everything in each, or one fault would excuse another. */
interface Profile {
  readonly hasThief: boolean;
  readonly hasFailovers: boolean;
  readonly hasDeaths: boolean;
  readonly hasEndings: boolean;
  readonly hasElevations: boolean;
}

/** Makes the history of a seed: random programs of browsers, thieves and administrators, and what goes wrong. */
export function generatePlan(seed: number): Plan {
  const prng = createPrng(seed);
  const profile: Profile = {
    hasThief: prng.chance(0.3),
    hasFailovers: prng.chance(0.25),
    hasDeaths: prng.chance(0.4),
    hasEndings: prng.chance(0.6),
    hasElevations: prng.chance(0.4),
  };
  const users = USERS.slice(0, prng.between(1, USERS.length));
  const processes = prng.between(2, 3);
  const weather = drawWeather(prng);
  return {
    seed,
    users,
    processes,
    weather,
    steps: drawSteps({ seed, prng, profile, users, processes }),
  };
}

function drawWeather(prng: Prng): Weather {
  const share = (most: number): number => (prng.chance(0.5) ? most * prng.next() : 0);
  return {
    lost: share(0.25),
    slow: share(0.3),
    storeLost: share(0.08),
    storeSlow: share(0.2),
    repeated: share(0.3),
  };
}

interface Drawing {
  readonly seed: number;
  readonly prng: Prng;
  readonly profile: Profile;
  readonly users: readonly string[];
  readonly processes: number;
}

function drawSteps({ seed, prng, profile, users, processes }: Drawing): readonly Step[] {
  const steps: Step[] = [];
  let at = 0;

  function add(kind: StepKind, later: number, given: Partial<Step> = {}): void {
    steps.push({
      at: at + later,
      kind,
      browser: 0,
      process: prng.between(0, processes - 1),
      seed: deriveSeed(seed, steps.length),
      amount: 0,
      spare: false,
      isCalm: false,
      ...given,
    });
  }

  /** One scene: a few things that happen close together. */
  function play(): void {
    const browser = prng.between(0, users.length - 1);
    const spread = prng.pick(SPREADS);
    const soon = (): number => prng.between(0, spread);
    const among = (): { readonly browser: number } => ({ browser });
    for (let tabs = prng.pick([0, 1, 1, 1, 2, 3, 4]); tabs > 0; tabs -= 1) {
      add('refresh', soon(), among());
    }
    if (prng.chance(0.3)) add('verify', soon(), among());
    if (prng.chance(0.15)) add('update', soon(), among());
    if (prng.chance(0.15)) add('login', soon(), among());
    if (profile.hasElevations && prng.chance(0.3)) add('elevate', soon(), among());
    if (profile.hasThief && prng.chance(0.3)) add('steal', soon(), among());
    if (profile.hasThief && prng.chance(0.5)) {
      for (let copies = prng.pick([1, 1, 2, 3]); copies > 0; copies -= 1)
        add('abuse', soon(), among());
    }
    if (profile.hasThief && prng.chance(0.3)) add('exploit', soon(), among());
    if (profile.hasEndings) playEnding(soon, browser);
    if (profile.hasDeaths && prng.chance(0.3)) add('kill', soon());
    if (profile.hasDeaths && prng.chance(0.2)) {
      add('jump', soon(), { amount: prng.between(-LARGEST_SKEW, LARGEST_SKEW) });
    }
    if (profile.hasFailovers && prng.chance(0.3)) {
      add('failover', soon(), { amount: prng.between(1, 6) });
    }
  }

  function playEnding(soon: () => number, browser: number): void {
    if (prng.chance(0.12)) add('logout', soon(), { browser });
    if (prng.chance(0.12)) add('revoke', soon(), { browser });
    if (prng.chance(0.15)) {
      // While a second copy of the sign-in may still be on its way.
      add('login', 0, { browser });
      add('revoke', prng.between(50, 400), { browser });
    }
    if (prng.chance(0.2)) {
      add('revokeAll', soon(), { browser, spare: prng.chance(0.3) });
      for (let logins = prng.between(0, 2); logins > 0; logins -= 1) {
        add('login', soon(), { browser: prng.between(0, users.length - 1) });
      }
    }
  }

  for (let browser = 0; browser < users.length; browser += 1) add('login', browser, { browser });
  for (let scene = 0; scene < SCENES; scene += 1) {
    at += prng.pick(GAPS) + prng.between(0, 300);
    play();
  }
  // Everyone comes back when all is quiet: what their jars hold has to be good.
  for (const pause of [3 * grace, POLICY.accessTtl]) {
    at += 10_000 + pause;
    for (let browser = 0; browser < users.length; browser += 1) {
      add('refresh', browser * 2_000, { browser, isCalm: true });
    }
  }
  return steps.sort((left, right) => left.at - right.at);
}
