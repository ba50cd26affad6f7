import type { Clock, Logger } from '@sess/core';
import type { SessionStore, Write } from '@sess/core/store';
import { createBackoff } from './backoff.js';
import { createRevocationLog, type Revocation } from './revocation-log.js';

/** Ends everything of a subject that was created up to `cutoff`, and nothing younger; answers how many. */
export type RemoveUpTo = (
  tag: string,
  given: { readonly except: string | undefined; readonly cutoff: number },
  write: Write,
) => Promise<{ readonly status: 'removed' | 'late'; readonly now: number; readonly count: number }>;

/** What re-applying needs beside the store itself. */
export interface ReapplyContext {
  readonly removeUpTo: RemoveUpTo;
  /** Calls back whenever the client has connected anew, or found another set of nodes; answers a stop. */
  onReconnect(listener: () => void): () => void;
  createOperation(): string;
}

/** Revocations sent at once; a reconnect is no moment to flood a server that has just come up. */
const AT_ONCE = 32;

/** What a server answers that is there and well, and only will not have this command. */
const REFUSAL = /^(?!READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)[A-Z]{2,}\b/;

/**
 * A failover may promote a replica that had not heard of the newest revocations, and so revive what they
 * ended. This process says its last minute of them again, newest first: after every reconnect, and after a
 * call has succeeded that followed one which failed.
 */
export function withReapply(store: SessionStore, context: ReapplyContext): SessionStore {
  const log = createRevocationLog();
  const backoff = createBackoff();
  let logger: Logger | undefined;
  let clock: Clock | undefined;
  let storeNow = 0;
  let isSuspect = false;
  let isUnderWay = false;
  let isAskedAgain = false;
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

  async function reapplyOnce(): Promise<void> {
    const entries = [...log.recent(storeNow)].reverse();
    let revived = 0;
    for (let n = 0; n < entries.length; n += AT_ONCE) {
      // One shard that is away must not keep the others waiting; what failed is said at the next occasion.
      for (const outcome of await Promise.allSettled(entries.slice(n, n + AT_ONCE).map(again))) {
        if (outcome.status === 'fulfilled') revived += outcome.value;
        else isSuspect = true;
      }
    }
    if (revived > 0) {
      logger?.warn({ revived }, 'a failover had revived ended sessions; they were ended again');
    }
  }

  async function reapply(): Promise<void> {
    // What has been said already may be lost with the failover that this call is about.
    isAskedAgain = isUnderWay;
    if (isUnderWay) return;
    isUnderWay = true;
    isSuspect = false;
    await reapplyOnce();
    isUnderWay = false;
    if (isAskedAgain) await reapply();
  }

  /** Watches a call: its time, and whether the server is back after a failure. */
  async function watch<Answer extends { readonly now: number }>(
    call: Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await call;
      storeNow = answer.now;
      // Failures may be of one key only, and come and go by the hundred.
      if (isSuspect && (clock === undefined || backoff.isDue(clock.now()))) void reapply();
      return answer;
    } catch (error) {
      isSuspect ||= !(error instanceof Error && REFUSAL.test(error.message));
      throw error;
    }
  }

  function onReconnect(): void {
    if (log.recent(storeNow).length === 0) return;
    isSuspect = true;
    void store.load('').then(
      ({ now }) => {
        storeNow = now;
        return reapply();
      },
      () => {},
    );
  }

  return {
    ...store,
    open(given) {
      store.open?.(given);
      if (clock !== undefined) return;
      clock = given.clock;
      logger = given.logger;
      stopListening = context.onReconnect(onReconnect);
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
