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

/** The revocations of the last minute, grouped by subject. */
export interface ReplayLog<Entry extends { readonly at: number }> {
  /** Adds an entry; one of the same subject and name is replaced. */
  add(tag: string, name: string, entry: Entry): void;
  /** Drops all entries of a subject, because a later one covers them. */
  drop(tag: string): void;
  /** Returns the entries of the last minute before `now`, oldest first. */
  recent(now: number): readonly Entry[];
}

/** Subjects in a log. A mass logout of more in one minute keeps the newest ones. */
const MAX_SUBJECTS = 10_000;

/** Entries of one subject. The server remembers as many removals of single sessions. */
const MAX_ENTRIES = 64;

/**
 * Creates a log whose size is bounded by subject, so that one busy account neither displaces the revocations of others
 * nor makes a replay expensive.
 */
export function createReplayLog<Entry extends { readonly at: number }>(): ReplayLog<Entry> {
  const subjects = new Map<string, Map<string, Entry>>();

  return {
    add(tag, name, entry) {
      const entries = subjects.get(tag) ?? new Map<string, Entry>();
      // Both maps keep the order of insertion, so that the oldest one comes first.
      entries.delete(name);
      entries.set(name, entry);
      if (entries.size > MAX_ENTRIES) deleteFirst(entries);
      subjects.delete(tag);
      subjects.set(tag, entries);
      if (subjects.size > MAX_SUBJECTS) deleteFirst(subjects);
    },
    drop(tag) {
      subjects.delete(tag);
    },
    recent(now) {
      const all: Entry[] = [];
      for (const [tag, entries] of subjects) {
        for (const [name, entry] of entries) {
          if (entry.at > now - TOMBSTONE_TTL_MS) all.push(entry);
          else entries.delete(name);
        }
        if (entries.size === 0) subjects.delete(tag);
      }
      return all.sort((a, b) => a.at - b.at);
    },
  };
}

function deleteFirst(map: Map<string, unknown>): void {
  for (const name of map.keys()) {
    map.delete(name);
    return;
  }
}
