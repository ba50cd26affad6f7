import type { SessionStore, WriteContext } from '../store/store.js';
import { createRandomBytes, encodeBase64Url } from '../token/crypto.js';
import { tagOf } from '../token/session-id.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import { createReplayer, createReplayLog } from './replayer.js';

/** The sessions of a subject that a replay removes. */
export interface RemoveUpToOptions {
  /** The sid that is spared. */
  readonly except: string | undefined;
  /** Sessions created later than this are spared. Epoch milliseconds of the store. */
  readonly cutoff: number;
}

/** The outcome of {@link ReplayableStore.removeUpTo}. */
export interface RemoveUpToResult {
  readonly status: 'removed' | 'late';
  readonly now: number;
  /** Sessions that were still there. */
  readonly count: number;
}

/** A session store on a server whose replica may take over without the newest writes. */
export interface ReplayableStore extends SessionStore {
  /** Removes the sessions of a subject that were created up to a moment, and leaves a mark there. */
  removeUpTo(
    tag: string,
    options: RemoveUpToOptions,
    write: WriteContext,
  ): Promise<RemoveUpToResult>;
  /** Calls `listener` after each reconnect and each change of the primaries. Returns a function that unsubscribes. */
  onReconnect(listener: () => void): () => void;
}

/** A revocation that this process made. `at` is the store's time. */
type Revocation =
  | { readonly kind: 'one'; readonly sid: string; readonly at: number }
  /** All sessions of a subject that were created up to `at`. */
  | {
      readonly kind: 'all';
      readonly tag: string;
      readonly except: string | undefined;
      readonly at: number;
    };

/** Attempts at one replay: the first one may be late, and learns the store's time. */
const ATTEMPTS = 2;

/**
 * Adds the replay of revocations to a session store. A failover may promote a replica that lacks the newest
 * revocations. After a reconnect this process repeats its revocations of the last 60 seconds, newest first, one for each
 * subject that was revoked as a whole, and at most 1,000 a second.
 *
 * @param options.isHarmless true if an error is about the call itself and does not show that the server is away
 */
export function withRevocationReplay(
  store: ReplayableStore,
  { isHarmless }: { isHarmless(error: unknown): boolean },
): SessionStore {
  const randomBytes = createRandomBytes();
  const log = createReplayLog<Revocation>((revocation) =>
    revocation.kind === 'all'
      ? { tag: revocation.tag, name: 'all', coversSubject: true }
      : { tag: tagOf(revocation.sid), name: revocation.sid, coversSubject: false },
  );
  let logger: Logger | undefined;
  let clock: Clock | undefined;
  let storeNow = 0;
  let stopListening = (): void => {};

  function send(revocation: Revocation): Promise<RemoveUpToResult> {
    const operation = encodeBase64Url(randomBytes(12));
    const write = { notAfter: storeNow + store.timeout, operation };
    if (revocation.kind === 'one') {
      return store.remove(revocation.sid, write).then(({ status, now }) => ({
        status: status === 'late' ? 'late' : 'removed',
        now,
        count: status === 'removed' ? 1 : 0,
      }));
    }
    const { tag, except, at } = revocation;
    // The clock of a new primary may be behind: users who have signed in there must be spared.
    return store.removeUpTo(tag, { except, cutoff: Math.min(at, storeNow) }, write);
  }

  /** Repeats a revocation and returns how many sessions had been revived. */
  async function replay(revocation: Revocation): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { status, now, count } = await send(revocation);
      storeNow = now;
      if (status === 'removed') return count;
    }
    throw new Error('The replay of a revocation was late.');
  }

  const replayer = createReplayer<Revocation>({
    recent: () => log.recent(storeNow),
    replay,
    isHarmless,
    onRepaired(revived) {
      logger?.warn({ revived }, 'a failover had revived ended sessions; they were ended again');
    },
  });

  function watch<Result extends { readonly now: number }>(call: Promise<Result>): Promise<Result> {
    return replayer.watch(call, ({ now }) => {
      storeNow = now;
    });
  }

  async function learnTime(): Promise<void> {
    storeNow = (await store.load('')).now;
  }

  function noteRemoved(sid: string, at: number): void {
    log.add({ kind: 'one', sid, at });
  }

  return {
    ...store,
    open(context) {
      store.open?.(context);
      if (clock !== undefined) return;
      ({ clock, logger } = context);
      replayer.start(clock);
      stopListening = store.onReconnect(() => replayer.replayAfter(learnTime));
    },
    close() {
      stopListening();
      return store.close();
    },
    load: (sid) => watch(store.load(sid)),
    list: (tag) => watch(store.list(tag)),
    replaceAuth: (...args) => watch(store.replaceAuth(...args)),
    replaceData: (...args) => watch(store.replaceData(...args)),
    async insert(record, limit, write) {
      const result = await watch(store.insert(record, limit, write));
      if (result.status === 'inserted') {
        for (const sid of result.evicted) noteRemoved(sid, result.now);
      }
      return result;
    },
    async remove(sid, write, expected) {
      const result = await watch(store.remove(sid, write, expected));
      // If it was absent, another process may have ended it on a server that is lost now.
      if (result.status === 'removed' || result.status === 'absent') noteRemoved(sid, result.now);
      return result;
    },
    async removeAll(tag, except, write) {
      const result = await watch(store.removeAll(tag, except, write));
      if (result.status === 'removed') log.add({ kind: 'all', tag, except, at: result.now });
      return result;
    },
  };
}
