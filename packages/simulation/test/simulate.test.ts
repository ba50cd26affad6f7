import { describe, expect, it } from 'vitest';
import { generatePlan } from '../src/generate.js';
import { describeFailure, INVARIANTS, runPlan, simulate } from '../src/index.js';
import { createGuardlessStore } from './guardless-store.js';

const missingFence = {
  makeStore: (clock: Parameters<typeof createGuardlessStore>[0]) =>
    createGuardlessStore(clock, 'fence'),
};

describe('a simulation', () => {
  it('has the same history from the same seed, to the last line', async () => {
    const [first, second] = [
      await runPlan(generatePlan(7), {}, true),
      await runPlan(generatePlan(7), {}, true),
    ];
    expect(first.lines.length).toBeGreaterThan(50);
    expect(second.lines).toEqual(first.lines);
  });

  it('has another history from another seed', async () => {
    const [first, second] = [
      await runPlan(generatePlan(7), {}, true),
      await runPlan(generatePlan(8), {}, true),
    ];
    expect(second.lines).not.toEqual(first.lines);
  });

  it('comes upon everything that it is about', async () => {
    const { seen } = await simulate({ seed: 1, runs: 100 });
    expect(Object.keys(seen).length).toBeGreaterThan(0);
    const { slow: _, ...common } = seen;
    for (const [what, count] of Object.entries(common)) expect(count, what).toBeGreaterThan(0);
  });

  it('accepts the alarm of a sign-out whose token is newer than the session that a failover has set back', async () => {
    const { failure } = await simulate({ seed: 81_025_377, runs: 1 });
    expect(failure).toBeUndefined();
  });

  it('accepts that a session gets no new tokens in its last second', async () => {
    const { failure } = await simulate({ seed: 853_857_003, runs: 1 });
    expect(failure).toBeUndefined();
  });

  it('a simulation reports a failure in few steps, with the seed that repeats it', async () => {
    const { failure } = await simulate({ seed: 1, runs: 1_000, ...missingFence });
    if (failure === undefined) throw new Error('A missing fence was not missed.');
    const { invariant, seed, plan, history } = failure;
    expect(invariant).toBe('revoke-all-misses-none');
    expect(new Set(plan.steps.map(({ kind }) => kind))).toEqual(new Set(['login', 'revokeAll']));
    expect(plan.steps.length).toBeLessThan(4);
    expect(history.length).toBeLessThan(10);

    const told = describeFailure(failure);
    expect(told).toContain(INVARIANTS[invariant]);
    expect(told).toContain(`SESS_SIMULATION_SEED=${seed} npm test`);

    const again = await simulate({ seed, runs: 1, ...missingFence });
    expect(again.failure).toMatchObject({ invariant, seed, history, after: 1 });
  });
});
