import type { StoreContext } from '@sess/core/store';
import { createPort, type RedisClient } from '../client/redis-port.js';
import type { ScriptStore } from '../script-store.js';
import { startBackgroundTimer } from '../timers.js';
import { type Channels, createChannels } from './channels.js';
import { createTopology } from './find-topology.js';
import { createMemory } from './memory.js';
import type { NearCacheSettings } from './options.js';
import { createReadsInFlight } from './reads-in-flight.js';

/** How many characters of a sid name its subject; they end the key. */
const TAG_LENGTH = 16;

/** What the near cache stands on. */
export interface NearCacheContext {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  readonly settings: NearCacheSettings;
}

/** @throws UsageError `invalid_option` for a client that no connection of its own can be made from */
export function assertTrackable(client: RedisClient): void {
  createTopology(client);
}

/**
 * Puts a memory before a store, which answers `peek`. The server pushes the keys that change, and the memory
 * speaks only while these pushes are proven to arrive, from every node; else it is empty, and `peek` knows
 * nothing. Everything but `peek` goes to the server, as it would without.
 *
 * @throws UsageError `invalid_option` for a client that no connection of its own can be made from
 */
export function withNearCache(store: ScriptStore, context: NearCacheContext): ScriptStore {
  const { client, keyPrefix, settings } = context;
  const topology = createTopology(client);
  const port = createPort(client);
  const keyStart = topology.clientPrefix + keyPrefix;
  const memory = createMemory(settings.maxEntries);
  const reads = createReadsInFlight();
  let now = (): number => 0;
  let channels: Channels | undefined;
  let isClosed = false;

  const tagOf = (sid: string): string => sid.slice(0, TAG_LENGTH);

  function drop(tag: string): void {
    memory.drop(tag);
    reads.spoil(tag);
  }

  function dropAll(): void {
    memory.clear();
    reads.spoilAll();
  }

  function start({ clock, logger }: StoreContext): void {
    now = () => clock.now();
    channels = createChannels({
      topology,
      port,
      keyPrefix,
      clock,
      startTimer: startBackgroundTimer,
      onInvalidate(keys) {
        for (const key of keys) {
          // The rest are heart-beats, of this process and of others.
          if (key.length === keyStart.length + TAG_LENGTH) drop(key.slice(keyStart.length));
        }
      },
      onUncertain: dropAll,
      onTurn(isProven) {
        if (isProven) logger.info({}, 'near cache: invalidations arrive; sessions are kept');
        else if (!isClosed)
          logger.warn({}, 'near cache: invalidations may not arrive; every session is looked up');
      },
    });
  }

  /** Own writes are not waited for: what they change is forgotten before and after, whatever comes of them. */
  async function writing<Answer>(tag: string, write: () => Promise<Answer>): Promise<Answer> {
    drop(tag);
    try {
      return await write();
    } finally {
      drop(tag);
    }
  }

  return {
    ...store,
    open(given) {
      store.open?.(given);
      if (channels === undefined && !isClosed) start(given);
    },
    peek(sid) {
      const at = now();
      return channels?.isProven(at) ? memory.get(sid, at - settings.maxAge) : undefined;
    },
    async load(sid) {
      const readAt = now();
      if (!channels?.isProven(readAt)) return store.load(sid);
      const tag = tagOf(sid);
      const read = reads.begin(tag);
      try {
        const loaded = await store.load(sid);
        const { record } = loaded;
        // Complete: the node that answered may be one that nothing is heard from yet.
        if (record !== undefined && !read.isStale && channels.isComplete()) {
          memory.set(tag, record, readAt);
        }
        return loaded;
      } finally {
        reads.end(tag, read);
      }
    },
    insert: (record, ...rest) =>
      // The evicted ones are of the same subject.
      writing(tagOf(record.sid), () => store.insert(record, ...rest)),
    replaceAuth: (sid, ...rest) => writing(tagOf(sid), () => store.replaceAuth(sid, ...rest)),
    replaceData: (sid, ...rest) => writing(tagOf(sid), () => store.replaceData(sid, ...rest)),
    remove: (sid, ...rest) => writing(tagOf(sid), () => store.remove(sid, ...rest)),
    removeAll: (tag, ...rest) => writing(tag, () => store.removeAll(tag, ...rest)),
    removeUpTo: (tag, ...rest) => writing(tag, () => store.removeUpTo(tag, ...rest)),
    async close() {
      isClosed = true;
      channels?.close();
      dropAll();
      await store.close();
    },
  };
}
