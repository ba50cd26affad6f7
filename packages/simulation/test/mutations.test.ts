import { describe, expect, it, vi } from 'vitest';
import { generatePlan } from '../src/generate.js';
import { INVARIANTS, type Invariant } from '../src/invariants.js';
import { runPlan } from '../src/run.js';
import * as engines from './faulty-engine.js';
import * as faults from './faulty-rotation.js';
import { createGuardlessStore, type Guard } from './guardless-store.js';

const fault = vi.hoisted(() => ({ current: undefined as faults.RotationFault | undefined }));

vi.mock(
  '../../core/src/session/rotation.js',
  async (importOriginal: () => Promise<typeof import('../../core/src/session/rotation.js')>) => {
    const rotation = await importOriginal();
    const decideRefresh: typeof rotation.decideRefresh = (presentation) =>
      fault.current === undefined
        ? rotation.decideRefresh(presentation)
        : fault.current(rotation.decideRefresh, presentation);
    return { ...rotation, decideRefresh };
  },
);

interface Mutation {
  readonly name: string;
  readonly store?: Guard;
  readonly rotation?: faults.RotationFault;
  readonly engine?: engines.EngineFault;
  /** What it may show itself by. */
  readonly by: readonly Invariant[];
}

const HONEST = ['no-honest-thief', 'honest-stay-signed-in', 'jar-holds-a-live-token'] as const;

const MUTATIONS: readonly Mutation[] = [
  { name: 'non-atomic rotation', store: 'compare-and-set', by: ['one-successor'] },
  { name: 'save after revoke', store: 'absence', by: ['ended-stays-ended'] },
  { name: 'grace that moves', rotation: faults.movingGrace, by: ['settled-grace-stands'] },
  { name: 'siblings in grace', rotation: faults.siblings, by: ['one-successor'] },
  {
    name: 'reuse missed after two rotations',
    rotation: faults.shortMemory,
    by: ['theft-ends-the-session'],
  },
  {
    name: 'reuse raised after a rollback',
    rotation: faults.rollbackIsReuse,
    by: ['rollback-is-no-theft'],
  },
  {
    name: 'reuse raised after a re-authentication',
    rotation: faults.reauthenticationIsReuse,
    by: ['reauthentication-is-no-theft'],
  },
  { name: 'grace for the last step only', rotation: faults.graceForTheLast, by: HONEST },
  {
    name: 'a cookie jar that falls back',
    rotation: faults.noHold,
    by: ['jar-holds-a-live-token'],
  },
  {
    name: 're-sent insert after revoke-all',
    store: 'fence for copies',
    by: ['ended-stays-ended', 'revoke-all-misses-none'],
  },
  {
    name: 'revoke-all that misses a concurrent login',
    store: 'fence',
    by: ['revoke-all-misses-none'],
  },
  {
    name: 're-sent insert after a removal',
    store: 'memory of removals',
    by: ['ended-stays-ended'],
  },
  { name: 'a theft told by everyone', store: 'one remover', by: ['one-event-a-theft'] },
  { name: 'no limit', store: 'limit', by: ['limit-holds'] },
  { name: 'patches that touch tokens', store: 'parts', by: ['parts-are-apart'] },
  {
    name: 'late tokens that end a session',
    rotation: faults.hastyEnd,
    by: ['honest-stay-signed-in'],
  },
  {
    name: 'an absolute deadline that moves',
    rotation: faults.slidingDeadline,
    by: ['deadline-stands'],
  },
  {
    name: 'access tokens that die at a rotation',
    rotation: faults.noOverlap,
    by: ['fresh-access-works'],
  },
  {
    name: 'a verification that remembers',
    engine: engines.rememberingVerify,
    by: ['ended-is-refused', 'expired-is-refused'],
  },
  {
    name: 'a verification without time',
    engine: engines.timelessVerify,
    by: ['expired-is-refused'],
  },
  {
    name: 'a re-authentication that ends the tokens before it',
    engine: engines.hastyElevation,
    by: ['reauthentication-keeps-the-jar'],
  },
  {
    name: 'a rotation by the lifetimes of the engine',
    rotation: faults.lifetimesOfTheEngine,
    by: ['lifetimes-stand'],
  },
  { name: 'answers to others', engine: engines.crossedAnswers, by: ['sessions-are-apart'] },
  { name: 'faults of the store itself', engine: engines.rawFaults, by: ['only-known-faults'] },
];

/** Far more than any of them takes. */
const HISTORIES = 3_000;

async function search(mutation: Partial<Mutation>, histories: number) {
  fault.current = mutation.rotation;
  try {
    for (let seed = 1; seed <= histories; seed += 1) {
      const { violation } = await runPlan(generatePlan(seed), {
        makeStore: (clock) => createGuardlessStore(clock, mutation.store),
        makeEngine: mutation.engine,
      });
      if (violation !== undefined) return { seed, ...violation };
    }
    return undefined;
  } finally {
    fault.current = undefined;
  }
}

describe('the simulation', () => {
  it.each(MUTATIONS)('finds: $name', async (mutation) => {
    const found = await search(mutation, HISTORIES);
    process.stdout.write(
      `simulation, ${mutation.name}: ${found === undefined ? 'not found' : `${found.invariant}, after ${found.seed} histories`}\n`,
    );
    expect(mutation.by).toContain(found?.invariant);
  });

  it('finds nothing in a store and an engine that have all of their guards', async () => {
    expect(await search({}, 100)).toBeUndefined();
  });

  it('has no invariant that nothing has been found by', () => {
    const shown = new Set(MUTATIONS.flatMap(({ by }) => by));
    expect([...shown].sort()).toEqual(Object.keys(INVARIANTS).sort());
  });
});
