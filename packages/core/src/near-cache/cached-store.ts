import type { SessionRecord } from '../store/record.js';
import type { SessionStore } from '../store/store.js';
import { tagOf } from '../token/session-id.js';
import { createNearCache, type NearCache, type NearCacheContext } from './near-cache.js';

/** Bytes of a record beside its data: digests, salts, times and the objects around them. */
const RECORD_BYTES = 1_500;

/** The characters of session data that are counted exactly; deeper parts are estimated by the limit of their depth. */
function sizeOfRecord({ data }: SessionRecord): number {
  return RECORD_BYTES + 2 * sizeOfValue(data);
}

/** Returns the approximate number of characters that a value takes. */
function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return value.length + 8;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 16;
  for (const [name, part] of Object.entries(value)) size += name.length + sizeOfValue(part);
  return size;
}

/** Creates a near cache of session records. */
export function createSessionCache(
  context: Omit<NearCacheContext<SessionRecord>, 'name' | 'sizeOf'>,
): NearCache<SessionRecord> {
  return createNearCache({ ...context, name: 'sessions', sizeOf: sizeOfRecord });
}

/** Returns a store that serves `getCached` from a near cache. Everything else is sent to the server. */
export function withSessionCache(
  store: SessionStore,
  cache: NearCache<SessionRecord>,
): SessionStore {
  const { writing } = cache;

  return {
    ...store,
    open(context) {
      store.open?.(context);
      cache.start(context);
    },
    getCached: cache.get,
    load: (sid) =>
      cache.read(
        tagOf(sid),
        () => store.load(sid),
        ({ record }) => (record === undefined ? undefined : { id: sid, value: record }),
      ),
    loadRecord: (sid) =>
      cache.read(
        tagOf(sid),
        async () => store.loadRecord?.(sid),
        (record) => (record === undefined ? undefined : { id: sid, value: record }),
      ),
    // Evicted sessions belong to the same subject.
    insert: (record, ...rest) => writing(tagOf(record.sid), () => store.insert(record, ...rest)),
    replaceAuth: (sid, ...rest) => writing(tagOf(sid), () => store.replaceAuth(sid, ...rest)),
    replaceData: (sid, ...rest) => writing(tagOf(sid), () => store.replaceData(sid, ...rest)),
    remove: (sid, ...rest) => writing(tagOf(sid), () => store.remove(sid, ...rest)),
    removeAll: (tag, ...rest) => writing(tag, () => store.removeAll(tag, ...rest)),
    async close() {
      cache.close();
      await store.close();
    },
  };
}
