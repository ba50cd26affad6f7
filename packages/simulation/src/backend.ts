import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '@sess/core';
import type { SessionStore } from '@sess/core/store';
import { checkChange, checkLimit, checkRevokeAll } from './checks/changes.js';
import type { Ledger } from './ledger.js';
import type { StoreCall } from './store-call.js';
import { tagOf } from './tokens.js';

/** The one store, behind all processes: it remembers its writes, so that it can forget the last of them. */
export interface Backend {
  execute(call: StoreCall): Promise<unknown>;
  /** Becomes a store that never had its last writes. */
  failOver(lost: number): Promise<void>;
  readonly timeout: number;
}

export type MakeStore = (clock: Clock) => SessionStore;

export function createBackend(ledger: Ledger, makeStore: MakeStore): Backend {
  const { timeline } = ledger;
  const clock: Clock = { now: timeline.now };
  let store = makeStore(clock);
  let writes: { readonly at: number; readonly call: StoreCall }[] = [];

  const read = async (sid: string) => (await store.load(sid)).record;

  /** Looks at every session that a write may have touched. */
  async function observe(call: StoreCall): Promise<void> {
    const { operation, target } = call;
    const isOfSubject = operation === 'insert' || operation === 'removeAll';
    const tag = isOfSubject ? tagOf(target) : target;
    const sids = new Set(isOfSubject ? ledger.storiesOf(tag).map(({ sid }) => sid) : [target]);
    if (operation === 'insert') sids.add(target);
    for (const sid of sids) {
      const story = ledger.storyOf(sid);
      const before = story.record;
      story.record = await read(sid);
      const after = story.record;
      // A store in memory returns the same object for as long as nothing changes.
      if (before !== after && !isDeepStrictEqual(before, after)) {
        checkChange(ledger, { story, before, after, operation, write: writes.length - 1 });
      }
    }
  }

  return {
    timeout: store.timeout,
    async execute(call) {
      if (!call.isWrite) return call.send(store);
      writes.push({ at: timeline.now(), call });
      const answer = await call.send(store);
      const isLate = (answer as { readonly status?: string }).status === 'late';
      if (isLate) return answer;
      const { operation, target, except, id = '' } = call;
      // A second copy of a revoke-all does nothing any more.
      const isNewFence = operation === 'removeAll' && ledger.fences.every((one) => one.id !== id);
      if (isNewFence) {
        ledger.fences.push({
          id,
          tag: target,
          except,
          at: timeline.now(),
          write: writes.length - 1,
        });
      }
      await observe(call);
      if (isNewFence) checkRevokeAll(ledger, target);
      if (operation === 'insert') checkLimit(ledger, tagOf(target));
      return answer;
    },
    async failOver(lost) {
      writes = writes.slice(0, Math.max(0, writes.length - lost));
      await store.close();
      store = makeStore(clock);
      for (const { at, call } of writes) {
        timeline.pretend(at);
        // What failed once fails again.
        await call.send(store).catch(() => undefined);
      }
      timeline.pretend(undefined);
      ledger.fences = ledger.fences.filter(({ write }) => write < writes.length);
      for (const story of ledger.stories.values()) {
        const before = story.record;
        story.record = await read(story.sid);
        const isEndUndone = story.ended !== undefined && story.ended.write >= writes.length;
        if (isEndUndone) story.ended = undefined;
        const isSame = JSON.stringify(before) === JSON.stringify(story.record);
        if (isSame && !isEndUndone) continue;
        story.isSetBack = true;
        // The mark that an older response is in flight may be lost with the rest, and the hold with it: such a
        // response then leaves a spent token in the jar, which nothing in the store distinguishes from a copy.
        if ([...story.visits].some((visit) => !visit.isOver)) story.isSlow = true;
        story.successors.clear();
        ledger.tell(() => `  ${story.name} is set back`);
      }
    },
  };
}
