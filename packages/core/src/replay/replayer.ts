import { TOMBSTONE_TTL_MS } from '../store/store.js';
import { createBackoff } from '../util/backoff.js';
import type { Clock } from '../util/clock.js';

/** What is replayed, and how. */
export interface ReplayerContext<Entry> {
  /** Returns the revocations that this process made lately, oldest first. */
  recent(): readonly Entry[];
  /** Repeats one revocation. Returns how much of it the server had lost. */
  replay(entry: Entry): Promise<number>;
  /** A replay has found lost revocations. */
  onRepaired(count: number): void;
  /** True if an error is about the call itself and does not show that a server is away. */
  isHarmless(error: unknown): boolean;
}

/** Repeats revocations that a failover may have lost. */
export interface RevocationReplayer {
  /** Limits replays by a clock from now on, for a server that fails now and then. */
  start(clock: Clock): void;
  /** Observes a call, to notice that the server is back after a failure. `onResult` is called first. */
  watch<Result>(call: Promise<Result>, onResult?: (result: Result) => void): Promise<Result>;
  /** Replays after a reconnect, as soon as `probe` resolves. */
  replayAfter(probe: () => Promise<unknown>): void;
}

/** Revocations that are replayed concurrently, and milliseconds for each such group: 1,000 a second. */
const GROUP_SIZE = 32;
const GROUP_MS = 32;

/**
 * Creates a replayer. A failover may promote a replica that lacks the newest writes, so revocations are repeated, newest
 * first: after each reconnect, and after the first successful call that follows a failed one.
 */
export function createReplayer<Entry>(context: ReplayerContext<Entry>): RevocationReplayer {
  const { recent, replay, onRepaired, isHarmless } = context;
  const backoff = createBackoff();
  let clock: Clock | undefined;
  let needsReplay = false;
  let isReplaying = false;
  let isRequested = false;

  async function replayGroups(): Promise<void> {
    const entries = [...recent()].reverse();
    let repaired = 0;
    for (let n = 0; n < entries.length; n += GROUP_SIZE) {
      if (n > 0) await sleep(clock, GROUP_MS);
      // A shard that is away must not delay the others; failed entries are repeated next time.
      const group = entries.slice(n, n + GROUP_SIZE).map(replay);
      for (const outcome of await Promise.allSettled(group)) {
        if (outcome.status === 'fulfilled') repaired += outcome.value;
        else needsReplay = true;
      }
    }
    if (repaired > 0) onRepaired(repaired);
  }

  async function replayAll(): Promise<void> {
    // Replayed entries may be lost with the failover that this call is about.
    isRequested = isReplaying;
    if (isReplaying) return;
    isReplaying = true;
    needsReplay = false;
    await replayGroups();
    isReplaying = false;
    if (isRequested) await replayAll();
  }

  return {
    start(given) {
      clock ??= given;
    },
    watch: (call, onResult) =>
      call.then(
        (result) => {
          onResult?.(result);
          // Failures may concern one key only, and occur by the hundred.
          if (needsReplay && (clock === undefined || backoff.isDue(clock.now()))) void replayAll();
          return result;
        },
        (error: unknown) => {
          needsReplay ||= !isHarmless(error);
          throw error;
        },
      ),
    replayAfter(probe) {
      if (recent().length === 0) return;
      needsReplay = true;
      void probe().then(replayAll, () => {});
    },
  };
}

/** A clock without timers does not wait. */
function sleep(clock: Clock | undefined, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock?.startTimer?.(resolve, milliseconds, { background: true });
    if (stop === undefined) resolve();
  });
}

/** What a log has to know of an entry. */
export interface ReplayKey {
  /** The subject. */
  readonly tag: string;
  /** Of entries with the same subject and name, the newest one is kept. */
  readonly name: string;
  /** True if earlier entries of the subject need no replay. */
  readonly coversSubject: boolean;
}

/** The revocations of the last minute. */
export interface ReplayLog<Entry extends { readonly at: number }> {
  /** Adds an entry. It costs one place in a list; what is covered is dropped later, in one pass. */
  add(entry: Entry): void;
  /** Returns the entries of the last minute before `now` that are not covered by later ones, oldest first. */
  recent(now: number): readonly Entry[];
}

/** Subjects in a log. A mass logout of more in one minute keeps the newest ones. */
const MAX_SUBJECTS = 10_000;

/** Entries of one subject. The server remembers as many removals of single sessions. */
const MAX_ENTRIES = 64;

/** Entries up to which a log is not searched for what can be dropped. */
const MIN_SEARCHED = 1_024;

/**
 * Creates a log whose size is bounded by subject, so that one busy account neither displaces the revocations of others
 * nor makes a replay expensive.
 */
export function createReplayLog<Entry extends { readonly at: number }>(
  keyOf: (entry: Entry) => ReplayKey,
): ReplayLog<Entry> {
  let entries: Entry[] = [];
  let limit = MIN_SEARCHED;

  /** Drops what is older than a minute, covered, or too much. */
  function compact(now: number): void {
    const kept: Entry[] = [];
    const seen = new Set<string>();
    // How many entries of a subject are kept; infinitely many behind one that covers the subject.
    const counts = new Map<string, number>();
    for (let index = entries.length - 1; index >= 0; index -= 1) {
      const entry = entries[index] as Entry;
      const { tag, name, coversSubject } = keyOf(entry);
      const count = counts.get(tag) ?? 0;
      const key = `${tag} ${name}`;
      if (entry.at <= now - TOMBSTONE_TTL_MS || count >= MAX_ENTRIES) continue;
      if (count === 0 && counts.size === MAX_SUBJECTS) continue;
      const isReplaced = seen.has(key);
      // An entry that a newer one replaces has still made the earlier ones unnecessary.
      if (coversSubject) counts.set(tag, Number.POSITIVE_INFINITY);
      else if (!isReplaced) counts.set(tag, count + 1);
      if (isReplaced) continue;
      kept.push(entry);
      seen.add(key);
    }
    entries = kept.reverse();
    limit = Math.max(MIN_SEARCHED, 2 * entries.length);
  }

  return {
    add(entry) {
      entries.push(entry);
      if (entries.length >= limit) compact(entry.at);
    },
    recent(now) {
      compact(now);
      return [...entries].sort((a, b) => a.at - b.at);
    },
  };
}
