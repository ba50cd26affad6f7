import { type Clock, createSessions, type Sessions, type SessionsOptions } from '@sess/core';
import { silentLogger } from '@sess/testkit';
import type { Backend } from './backend.js';
import { checkEvent } from './checks/events.js';
import { connect } from './connection.js';
import type { Ledger } from './ledger.js';
import { type Plan, POLICY } from './plan.js';
import { createPrng, deriveSeed } from './prng.js';

/** Makes an engine of the options given; what is not `createSessions` is a mistake to be found. */
export type MakeSimulatedEngine = (options: SessionsOptions) => Sessions;

/** A process: one engine, until it dies. */
export interface Process {
  readonly name: string;
  readonly isDead: boolean;
  readonly sessions: Sessions;
  /** Calls back when the process dies; returns a function that stops this. */
  onDeath(notice: () => void): () => void;
}

/** All processes behind one balancer. Where one dies, the next takes its place. */
export interface Processes {
  at(place: number): Process;
  kill(place: number): void;
  /** Sets a process's clock. */
  jump(place: number, milliseconds: number): void;
}

const LARGEST_SKEW = 30_000;
const seconds = (milliseconds: number): number => milliseconds / 1_000;

export function createProcesses(given: {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly backend: Backend;
  readonly makeEngine?: MakeSimulatedEngine | undefined;
}): Processes {
  const { plan, ledger, backend, makeEngine = createSessions } = given;
  const { timeline } = ledger;
  let started = 0;

  function start(place: number) {
    const prng = createPrng(deriveSeed(plan.seed, 1_000_000 + started));
    started += 1;
    const notices = new Set<() => void>();
    const state = { isDead: false, skew: prng.between(-LARGEST_SKEW, LARGEST_SKEW) };
    const connected = {
      name: `p${place + 1}`,
      get isDead() {
        return state.isDead;
      },
    };
    const clock: Clock = {
      now: () => timeline.now() + state.skew,
      startTimer(callback, milliseconds) {
        let isStopped = false;
        timeline.after(milliseconds, () => {
          if (!isStopped && !state.isDead) callback();
        });
        return () => {
          isStopped = true;
        };
      },
    };
    const sessions = makeEngine({
      clock,
      logger: silentLogger,
      random: prng.bytes,
      store: connect({ ledger, backend, weather: plan.weather }, connected),
      accessTtl: seconds(POLICY.accessTtl),
      idleTtl: seconds(POLICY.idleTtl),
      absoluteTtl: seconds(POLICY.absoluteTtl),
      grace: seconds(POLICY.grace),
      overlap: seconds(POLICY.overlap),
      maxPerSubject: POLICY.maxPerSubject,
    });
    sessions.on('reuse', ({ sid, alternative }) => {
      if (alternative === undefined) checkEvent(ledger, sid, 'reuse');
    });
    sessions.on('revoked', ({ sid, cause }) => {
      if (sid !== undefined && cause === 'lost-writes') checkEvent(ledger, sid, cause);
    });
    const running: Process = {
      name: connected.name,
      get isDead() {
        return state.isDead;
      },
      sessions,
      onDeath(notice) {
        notices.add(notice);
        return () => void notices.delete(notice);
      },
    };
    return { host: running, state, notices };
  }

  const running = Array.from({ length: plan.processes }, (_, place) => start(place));
  const find = (place: number): ReturnType<typeof start> => {
    const found = running[place % running.length];
    if (found === undefined) throw new RangeError('There is no such process.');
    return found;
  };

  return {
    at: (place) => find(place).host,
    kill(place) {
      const { state, notices, host } = find(place);
      state.isDead = true;
      ledger.tell(() => `${host.name} dies, and is started again`);
      running[place % running.length] = start(place % running.length);
      for (const notice of [...notices]) notice();
    },
    jump(place, milliseconds) {
      const { state, host } = find(place);
      ledger.tell(() => `the clock of ${host.name} is set by ${milliseconds} ms`);
      // However it is set, it is never wrong by more than that.
      state.skew = Math.max(-LARGEST_SKEW, Math.min(LARGEST_SKEW, state.skew + milliseconds));
    },
  };
}
