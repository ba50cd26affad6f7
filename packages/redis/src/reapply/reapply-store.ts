import type { Clock, Logger } from '@sess/core';
import type { SessionStore, WriteContext } from '@sess/core/store';
import { createRepeater } from './repeater.js';
import { createRevocationLog, type Revocation } from './revocation-log.js';

/** Ends everything of a subject that was created up to `cutoff`, and nothing younger; answers how many. */
export type RemoveUpTo = (
  tag: string,
  given: { readonly except: string | undefined; readonly cutoff: number },
  write: WriteContext,
) => Promise<{ readonly status: 'removed' | 'late'; readonly now: number; readonly count: number }>;

/** What re-applying needs beside the store itself. */
export interface ReapplyContext {
  readonly removeUpTo: RemoveUpTo;
  /** Calls back whenever the client has connected anew, or found another set of nodes; answers a stop. */
  onReconnect(listener: () => void): () => void;
  createOperation(): string;
}

/**
 * A failover may promote a replica that had not heard of the newest revocations, and so revive what they
 * ended. This process says its last minute of them again, newest first: after every reconnect, and after a
 * call has succeeded that followed one which failed.
 */
export function withReapply(store: SessionStore, context: ReapplyContext): SessionStore {
  const log = createRevocationLog<Revocation>();
  let logger: Logger | undefined;
  let clock: Clock | undefined;
  let storeNow = 0;
  let stopListening = (): void => {};

  function send(revocation: Revocation): ReturnType<RemoveUpTo> {
    const write = { notAfter: storeNow + store.timeout, operation: context.createOperation() };
    if (revocation.kind === 'one') {
      return store.remove(revocation.sid, write).then(({ status, now }) => ({
        status: status === 'late' ? 'late' : 'removed',
        now,
        count: status === 'removed' ? 1 : 0,
      }));
    }
    const { tag, except, at } = revocation;
    // A new master whose clock is behind would call everyone old who has signed in there.
    return context.removeUpTo(tag, { except, cutoff: Math.min(at, storeNow) }, write);
  }

  /** How many sessions had been revived. The server's time is learnt along the way, and when it was too late. */
  async function again(revocation: Revocation): Promise<number> {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { status, now, count } = await send(revocation);
      storeNow = now;
      if (status === 'removed') return count;
    }
    throw new Error('A revocation was said again too late.');
  }

  const repeater = createRepeater<Revocation>({
    recent: () => log.recent(storeNow),
    again,
    onRepaired(revived) {
      logger?.warn({ revived }, 'a failover had revived ended sessions; they were ended again');
    },
  });

  /** Watches a call: its time, and whether the server is back after a failure. */
  function watch<Answer extends { readonly now: number }>(call: Promise<Answer>): Promise<Answer> {
    return repeater.watch(call, ({ now }) => {
      storeNow = now;
    });
  }

  async function learnTime(): Promise<void> {
    storeNow = (await store.load('')).now;
  }

  return {
    ...store,
    open(given) {
      store.open?.(given);
      if (clock !== undefined) return;
      clock = given.clock;
      logger = given.logger;
      repeater.start(clock);
      stopListening = context.onReconnect(() => repeater.repeatAfter(learnTime));
    },
    close() {
      stopListening();
      return store.close();
    },
    load: (sid) => watch(store.load(sid)),
    list: (tag) => watch(store.list(tag)),
    replaceAuth: (...given) => watch(store.replaceAuth(...given)),
    replaceData: (...given) => watch(store.replaceData(...given)),
    async insert(record, limit, write) {
      const answer = await watch(store.insert(record, limit, write));
      if (answer.status === 'inserted') {
        for (const sid of answer.evicted) log.add({ kind: 'one', sid, at: answer.now });
      }
      return answer;
    },
    async remove(sid, write, expected) {
      const answer = await watch(store.remove(sid, write, expected));
      // Also when it was absent: somebody else may have ended it, on a server that is forgotten now.
      if (answer.status === 'removed' || answer.status === 'absent') {
        log.add({ kind: 'one', sid, at: answer.now });
      }
      return answer;
    },
    async removeAll(tag, except, write) {
      const answer = await watch(store.removeAll(tag, except, write));
      if (answer.status === 'removed') log.add({ kind: 'all', tag, except, at: answer.now });
      return answer;
    },
  };
}
