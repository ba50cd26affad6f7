import type { SessionRecord } from '@sess/core/store';
import type { RedisClient } from '../client/redis-port.js';
import type { ScriptStore } from '../script-store.js';
import { createKeeper } from './keeper.js';
import type { NearCacheSettings } from './options.js';

/** How many characters of a sid name its subject. */
const TAG_LENGTH = 16;

/** What the near cache stands on. */
export interface NearCacheContext {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  readonly settings: NearCacheSettings;
}

/**
 * Puts a memory before a store, which answers `peek`. Everything but `peek` goes to the server, as it would
 * without.
 *
 * @throws UsageError `invalid_option` for a client that no connection of its own can be made from
 */
export function withNearCache(store: ScriptStore, context: NearCacheContext): ScriptStore {
  const keeper = createKeeper<SessionRecord>({ ...context, name: 'sessions' });
  const { writing } = keeper;
  const tagOf = (sid: string): string => sid.slice(0, TAG_LENGTH);

  return {
    ...store,
    open(given) {
      store.open?.(given);
      keeper.start(given);
    },
    getCached: keeper.peek,
    load: (sid) =>
      keeper.read(
        tagOf(sid),
        () => store.load(sid),
        ({ record }) => (record === undefined ? undefined : { id: sid, value: record }),
      ),
    loadRecord: (sid) =>
      keeper.read(
        tagOf(sid),
        async () => store.loadRecord?.(sid),
        (record) => (record === undefined ? undefined : { id: sid, value: record }),
      ),
    insert: (record, ...rest) =>
      // The evicted ones are of the same subject.
      writing(tagOf(record.sid), () => store.insert(record, ...rest)),
    replaceAuth: (sid, ...rest) => writing(tagOf(sid), () => store.replaceAuth(sid, ...rest)),
    replaceData: (sid, ...rest) => writing(tagOf(sid), () => store.replaceData(sid, ...rest)),
    remove: (sid, ...rest) => writing(tagOf(sid), () => store.remove(sid, ...rest)),
    removeAll: (tag, ...rest) => writing(tag, () => store.removeAll(tag, ...rest)),
    removeUpTo: (tag, ...rest) => writing(tag, () => store.removeUpTo(tag, ...rest)),
    async close() {
      keeper.close();
      await store.close();
    },
  };
}
