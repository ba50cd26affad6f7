import { memoryStore } from '@sess/core';
import { createBackend, type MakeStore } from './backend.js';
import { createBrowsers } from './browsers.js';
import { checkTold } from './checks/events.js';
import type { Violation } from './invariants.js';
import { createLedger } from './ledger.js';
import { createSend } from './messages.js';
import type { Plan } from './plan.js';
import { createProcesses, type MakeSimulatedEngine } from './processes.js';
import { createTimeline } from './timeline.js';

/** What is simulated. */
export interface SimulationSubject {
  /** Makes an empty store whose time is the given clock's. Default: the memory store. */
  readonly makeStore?: MakeStore | undefined;
  /** Default: `createSessions`. */
  readonly makeEngine?: MakeSimulatedEngine | undefined;
}

/** What came of a history. */
export interface Outcome {
  readonly violation: Violation | undefined;
  /** How many things happened: each of them a moment at which anything else might have. */
  readonly moments: number;
  /** Reuses, ends and the like that came up, by name. */
  readonly seen: Readonly<Record<string, number>>;
  /** The printed history, if it was requested. */
  readonly lines: readonly string[];
}

const START = Date.UTC(2026, 0, 1);

/** Has a planned history happen. The same plan gives the same history. */
export async function runPlan(
  plan: Plan,
  subject: SimulationSubject = {},
  isTold = false,
): Promise<Outcome> {
  const timeline = createTimeline(START);
  const ledger = createLedger(timeline, isTold);
  const makeStore = subject.makeStore ?? ((clock) => memoryStore({ clock }));
  const backend = createBackend(ledger, makeStore);
  const processes = createProcesses({ plan, ledger, backend, makeEngine: subject.makeEngine });
  const send = createSend({ ledger, plan, processes });
  const browsers = createBrowsers({ ledger, plan, send });

  for (const step of plan.steps) {
    timeline.after(step.at, () => {
      if (step.kind === 'kill') return processes.kill(step.process);
      if (step.kind === 'jump') return processes.jump(step.process, step.amount);
      if (step.kind !== 'failover') return browsers.play(step);
      ledger.tell(() => `the store fails over, and forgets its last ${step.amount} writes`);
      return backend.failOver(step.amount);
    });
  }
  await timeline.run(() => {
    ledger.turn += 1;
    checkTold(ledger);
    return ledger.violation === undefined ? 'go on' : 'stop';
  });

  const stories = [...ledger.stories.values()];
  return {
    violation: ledger.violation,
    moments: ledger.turn,
    lines: ledger.lines ?? [],
    seen: {
      sessions: stories.length,
      rotations: stories.reduce((sum, { record }) => sum + (record?.auth.generation ?? 0), 0),
      thefts: stories.filter(({ isStolen, endsTold }) => isStolen && endsTold > 0).length,
      abuses: stories.reduce((sum, { abuses }) => sum + abuses, 0),
      setBack: stories.filter(({ isSetBack }) => isSetBack).length,
      slow: stories.filter(({ isSlow }) => isSlow).length,
    },
  };
}
