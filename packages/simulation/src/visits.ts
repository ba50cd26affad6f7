import { AsyncLocalStorage } from 'node:async_hooks';
import type { Weather } from './plan.js';
import type { Prng } from './prng.js';

/** On whose behalf something happens, and with what luck. */
export interface Visit {
  /** The step's own: leaving one step out changes the luck of no other. */
  readonly prng: Prng;
  readonly isCalm: boolean;
  /** When the message that began it was sent. */
  readonly sentAt: number;
  /** As the history calls it. */
  readonly name: string;
  /** The caller has the response, or will never get it. */
  isOver: boolean;
}

/** Follows a visit through everything that an engine does for it, in the background too. */
export const currentVisit: AsyncLocalStorage<Visit> = new AsyncLocalStorage<Visit>();

/** What becomes of one call of the store, milliseconds. */
export interface CallFate {
  readonly out: number;
  readonly back: number;
  /** `request`: it never arrives. `reply`: it is executed, and its result is lost. */
  readonly lost: 'request' | 'reply' | undefined;
  /** How long after the first a second copy arrives. */
  readonly again: number | undefined;
  /** A loss shows immediately, as a broken connection does; otherwise by silence. */
  readonly breaks: boolean;
}

const SURE: CallFate = { out: 1, back: 1, lost: undefined, again: undefined, breaks: false };

export function drawCallFate(visit: Visit | undefined, weather: Weather): CallFate {
  if (visit === undefined || visit.isCalm) return SURE;
  const { prng } = visit;
  const delay = (): number =>
    prng.chance(weather.storeSlow) ? prng.between(50, 900) : prng.between(0, 8);
  const [out, back] = [delay(), delay()];
  const lost = prng.chance(weather.storeLost)
    ? prng.pick(['request', 'reply'] as const)
    : undefined;
  const again = prng.chance(weather.repeated) ? delay() + prng.between(0, 300) : undefined;
  return { out, back, lost, again, breaks: prng.chance(0.5) };
}

/** What becomes of one message between a browser and a process, milliseconds. */
export interface MessageFate {
  readonly delay: number;
  readonly isLost: boolean;
}

export function drawMessageFate({ prng, isCalm }: Visit, weather: Weather): MessageFate {
  if (isCalm) return { delay: 5, isLost: false };
  const isSlow = prng.chance(weather.slow);
  return {
    delay: isSlow ? prng.between(300, 2_400) : prng.between(1, 60),
    isLost: prng.chance(weather.lost),
  };
}
