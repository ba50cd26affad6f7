import { isSessError, type Sessions } from '@sess/core';
import { noteSlowness } from './connection.js';
import type { Ledger } from './ledger.js';
import type { Plan } from './plan.js';
import type { Process, Processes } from './processes.js';
import { partsOf } from './tokens.js';
import { currentVisit, drawMessageFate, type Visit } from './visits.js';

/** How long a browser waits for a response, milliseconds. */
const PATIENCE = 4_000;

/** What is sent to a process, and what becomes of it. */
export interface Message<Answer> {
  readonly visit: Visit;
  readonly place: number;
  readonly ask: (sessions: Sessions) => Promise<Answer>;
  /** The process has responded, even if the response is lost. */
  readonly answered: (answer: Answer, asked: { beganTurn: number; beganAt: number }) => void;
  /** The response has arrived. */
  readonly arrived: (answer: Answer) => void;
  /** No response, or one that asks for a retry. */
  readonly failed: () => void;
}

/** The network between browsers and processes. */
export type Send = <Answer>(message: Message<Answer>) => void;

export function createSend(given: {
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly processes: Processes;
}): Send {
  const { ledger, plan, processes } = given;
  const { timeline } = ledger;

  return function send(message) {
    const { visit, place, ask, answered, arrived, failed } = message;
    const request = drawMessageFate(visit, plan.weather);
    const response = drawMessageFate(visit, plan.weather);
    let isOver = false;

    function end(how: () => void): void {
      if (isOver) return;
      isOver = true;
      visit.isOver = true;
      how();
    }

    function fail(why: string): void {
      end(() => {
        ledger.tell(() => `${visit.name}: ${why}`);
        failed();
      });
    }

    async function serve(host: Process): Promise<void> {
      const forget = host.onDeath(() => timeline.after(response.delay, () => fail('it died')));
      const asked = { beganTurn: ledger.turn, beganAt: timeline.now() };
      try {
        const answer = await currentVisit.run(visit, () => ask(host.sessions));
        answered(answer, asked);
        noteArrival(ledger, answer, timeline.now() + response.delay - visit.sentAt);
        if (response.isLost) {
          visit.isOver = true;
          ledger.tell(() => `${visit.name}: the response is lost`);
        } else timeline.after(response.delay, () => end(() => arrived(answer)));
      } catch (error) {
        if (!isSessError(error)) {
          ledger.violate('only-known-faults', `${visit.name} threw ${String(error)}`);
        }
        timeline.after(response.delay, () => fail('the service is unavailable'));
      } finally {
        forget();
      }
    }

    if (request.isLost) ledger.tell(() => `${visit.name}: the request is lost`);
    else timeline.after(request.delay, () => void serve(processes.at(place)));
    timeline.after(PATIENCE, () => fail('no response'));
  };
}

/** Marks sessions whose tokens took longer than the guarantees allow. */
function noteArrival(ledger: Ledger, answer: unknown, took: number): void {
  if (typeof answer !== 'object' || answer === null || !('refreshToken' in answer)) return;
  const { refreshToken } = answer;
  if (typeof refreshToken === 'string') noteSlowness(ledger, partsOf(refreshToken).sid, took);
}
