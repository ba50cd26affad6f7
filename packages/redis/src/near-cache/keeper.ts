import type { StoreContext } from '@sess/core/store';
import { createPort, type RedisClient } from '../client/redis-port.js';
import { startBackgroundTimer } from '../timers.js';
import { type Channels, createChannels } from './channels.js';
import { createTopology } from './find-topology.js';
import { createMemory } from './memory.js';
import type { NearCacheSettings } from './options.js';
import { createReadsInFlight } from './reads-in-flight.js';

/** How many characters name a subject; they end the key. */
const TAG_LENGTH = 16;

/** What a near cache stands on. */
export interface KeeperContext {
  readonly client: RedisClient;
  readonly keyPrefix: string;
  readonly settings: NearCacheSettings;
  /** What is kept, as log lines call it: "sessions". */
  readonly name: string;
}

/** Something that was read, to be kept under an id. */
export interface Kept<Value> {
  readonly id: string;
  readonly value: Value;
}

/** Keeps what was read for as long as it is surely what the server would say. */
export interface ClientSideCache<Value> {
  /** Begins to listen; nothing is kept before. Called again it does nothing. */
  start(context: StoreContext): void;
  peek(id: string): Value | undefined;
  /** Whether what is read now can be kept: else it need not be read in a form to keep. */
  isListening(): boolean;
  /** Reads by `load`, and keeps of it what `pick` picks. */
  read<Loaded>(
    tag: string,
    load: () => Promise<Loaded>,
    pick: (loaded: Loaded) => Kept<Value> | undefined,
  ): Promise<Loaded>;
  /** Own writes are not waited for: what they change is forgotten before and after, whatever comes of them. */
  writing<Answer>(tag: string, write: () => Promise<Answer>): Promise<Answer>;
  close(): void;
}

/** @throws UsageError `invalid_option` for a client that no connection of its own can be made from */
export function assertTrackable(client: RedisClient): void {
  createTopology(client);
}

/**
 * A memory that the server keeps true: it pushes the keys that change, and the memory speaks only while these
 * pushes are proven to arrive, from every node; else it is empty, and knows nothing.
 *
 * @throws UsageError `invalid_option` for a client that no connection of its own can be made from
 */
export function createKeeper<Value>(context: KeeperContext): ClientSideCache<Value> {
  const { client, keyPrefix, settings, name } = context;
  const topology = createTopology(client);
  const port = createPort(client);
  const keyStart = topology.clientPrefix + keyPrefix;
  const memory = createMemory<Value>(settings.maxEntries);
  const reads = createReadsInFlight();
  let now = (): number => 0;
  let channels: Channels | undefined;
  let isClosed = false;

  function drop(tag: string): void {
    memory.drop(tag);
    reads.markStale(tag);
  }

  function dropAll(): void {
    memory.clear();
    reads.spoilAll();
  }

  return {
    start({ clock, logger }) {
      if (channels !== undefined || isClosed) return;
      now = () => clock.now();
      channels = createChannels({
        topology,
        port,
        keyPrefix,
        clock,
        startTimer: startBackgroundTimer,
        onInvalidate(keys) {
          for (const key of keys) {
            // The rest are heart-beats, of this process and of others, and keys under a longer prefix.
            if (key.length === keyStart.length + TAG_LENGTH) drop(key.slice(keyStart.length));
          }
        },
        onUncertain: dropAll,
        onTurn(isProven) {
          if (isProven) logger.info({}, `near cache: invalidations arrive; ${name} are kept`);
          else if (!isClosed)
            logger.warn({}, `near cache: invalidations may not arrive; all ${name} are looked up`);
        },
      });
    },
    isListening: () => channels?.isProven(now()) ?? false,
    peek(id) {
      const at = now();
      return channels?.isProven(at) ? memory.get(id, at - settings.maxAge) : undefined;
    },
    async read(tag, load, pick) {
      const readAt = now();
      if (!channels?.isProven(readAt)) return load();
      const read = reads.begin(tag);
      try {
        const loaded = await load();
        const kept = pick(loaded);
        // Complete: the node that answered may be one that nothing is heard from yet.
        if (kept !== undefined && !read.isStale && channels.isComplete()) {
          memory.set(tag, kept.id, kept.value, readAt);
        }
        return loaded;
      } finally {
        reads.end(tag, read);
      }
    },
    async writing(tag, write) {
      drop(tag);
      try {
        return await write();
      } finally {
        drop(tag);
      }
    },
    close() {
      isClosed = true;
      channels?.close();
      dropAll();
    },
  };
}
