import { type Clock, UsageError } from '@sess/core';
import { createBackoff } from './backoff.js';

/** What is said again, and how. */
export interface RepeaterContext<Entry> {
  /** What this process said lately, oldest first. */
  recent(): readonly Entry[];
  /** Says one again; answers how much of it had been forgotten. */
  again(entry: Entry): Promise<number>;
  /** So much had been forgotten. */
  onRepaired(count: number): void;
}

/** Says again what a failover may have forgotten. */
export interface RevocationReplayer {
  /** From now on only so often as is good for a server that fails now and then. */
  start(clock: Clock): void;
  /** Watches a call: whether the server is back after a failure. `note` is told the answer first. */
  watch<Answer>(call: Promise<Answer>, note?: (answer: Answer) => void): Promise<Answer>;
  /** After a reconnect; `probe` resolves as soon as the server answers. */
  repeatAfter(probe: () => Promise<unknown>): void;
}

/** Entries said at once; a reconnect is no moment to flood a server that has just come up. */
const AT_ONCE = 32;

/** What a server answers that is there and well, and only will not have this command. */
const REFUSAL = /^(?!READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)[A-Z]{2,}\b/;

/**
 * A failover may promote a replica that had not heard of the newest writes. Those that must not be lost are said
 * again, newest first: after every reconnect, and after a call has succeeded that followed one which failed.
 */
export function createRepeater<Entry>(context: RepeaterContext<Entry>): RevocationReplayer {
  const { recent, again, onRepaired } = context;
  const backoff = createBackoff();
  let clock: Clock | undefined;
  let isSuspect = false;
  let isUnderWay = false;
  let isAskedAgain = false;

  async function repeatOnce(): Promise<void> {
    const entries = [...recent()].reverse();
    let repaired = 0;
    for (let n = 0; n < entries.length; n += AT_ONCE) {
      // One shard that is away must not keep the others waiting; what failed is said at the next occasion.
      for (const outcome of await Promise.allSettled(entries.slice(n, n + AT_ONCE).map(again))) {
        if (outcome.status === 'fulfilled') repaired += outcome.value;
        else isSuspect = true;
      }
    }
    if (repaired > 0) onRepaired(repaired);
  }

  async function repeat(): Promise<void> {
    // What has been said already may be lost with the failover that this call is about.
    isAskedAgain = isUnderWay;
    if (isUnderWay) return;
    isUnderWay = true;
    isSuspect = false;
    await repeatOnce();
    isUnderWay = false;
    if (isAskedAgain) await repeat();
  }

  return {
    start(given) {
      clock ??= given;
    },
    watch: (call, note) =>
      call.then(
        (answer) => {
          note?.(answer);
          // Failures may be of one key only, and come and go by the hundred.
          if (isSuspect && (clock === undefined || backoff.isDue(clock.now()))) void repeat();
          return answer;
        },
        (error: unknown) => {
          isSuspect ||= !isHarmless(error);
          throw error;
        },
      ),
    repeatAfter(probe) {
      if (recent().length === 0) return;
      isSuspect = true;
      void probe().then(repeat, () => {});
    },
  };
}

/** Of the call itself, and no sign that a server is away. */
function isHarmless(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof Error && REFUSAL.test(error.message));
}
