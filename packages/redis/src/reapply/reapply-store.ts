import { type Logger, StoreUnavailableError } from '@sess/core';
import type { SessionStore, Write } from '@sess/core/store';
import { createRevocationLog, type Revocation } from './revocation-log.js';

/** Ends everything of a subject that was created up to `cutoff`, and nothing younger; answers how many. */
export type RemoveUpTo = (
  tag: string,
  given: { readonly except: string | undefined; readonly cutoff: number },
  write: Write,
) => Promise<number>;

/** What re-applying needs beside the store itself. */
export interface ReapplyContext {
  readonly removeUpTo: RemoveUpTo;
  /** Calls back whenever the client has connected anew, or found another set of nodes; answers a stop. */
  onReconnect(listener: () => void): () => void;
  createOperation(): string;
}

/** Revocations sent at once; a reconnect is no moment to flood a server that has just come up. */
const AT_ONCE = 32;

/**
 * A failover may promote a replica that had not heard of the newest revocations, and so revive what they
 * ended. This process says its last minute of them again: after every reconnect, and after a call has
 * succeeded that followed one which failed.
 */
export function withReapply(store: SessionStore, context: ReapplyContext): SessionStore {
  const log = createRevocationLog();
  let logger: Logger | undefined;
  let storeNow = 0;
  let isSuspect = false;
  let isUnderWay = false;
  let isAskedAgain = false;

  async function again(revocation: Revocation): Promise<number> {
    const write = { notAfter: storeNow + store.timeout, operation: context.createOperation() };
    if (revocation.kind === 'all') {
      const { tag, except, at: cutoff } = revocation;
      return context.removeUpTo(tag, { except, cutoff }, write);
    }
    const { status } = await store.remove(revocation.sid, write);
    if (status === 'late') throw new StoreUnavailableError('A revocation was said again too late.');
    return status === 'removed' ? 1 : 0;
  }

  async function reapply(): Promise<void> {
    if (isUnderWay) {
      // What has been said already may be lost with the failover that this call is about.
      isAskedAgain = true;
      return;
    }
    isUnderWay = true;
    isSuspect = false;
    try {
      const entries = log.recent(storeNow);
      let revived = 0;
      for (let n = 0; n < entries.length; n += AT_ONCE) {
        const ended = await Promise.all(entries.slice(n, n + AT_ONCE).map(again));
        revived += ended.reduce((sum, count) => sum + count, 0);
      }
      if (revived > 0)
        logger?.warn({ revived }, 'a failover had revived ended sessions; they were ended again');
    } catch {
      // Still away, or away again: the next call that succeeds begins anew.
      isSuspect = true;
    } finally {
      isUnderWay = false;
    }
    if (!isAskedAgain) return;
    isAskedAgain = false;
    await reapply();
  }

  /** Watches a call: its time, and whether the server is back after a failure. */
  async function watch<Answer extends { readonly now: number }>(
    call: Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await call;
      storeNow = answer.now;
      if (isSuspect) {
        isSuspect = false;
        void reapply();
      }
      return answer;
    } catch (error) {
      isSuspect = true;
      throw error;
    }
  }

  const stopListening = context.onReconnect(() => {
    if (log.recent(storeNow).length === 0) return;
    isSuspect = true;
    void store.load('').then(
      ({ now }) => {
        storeNow = now;
        return reapply();
      },
      () => {},
    );
  });

  return {
    ...store,
    open(given) {
      logger ??= given.logger;
      store.open?.(given);
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
