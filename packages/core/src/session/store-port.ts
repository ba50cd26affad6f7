import { StoreUnavailableError } from '../errors.js';
import type { SessionRecord } from '../store/record.js';
import type {
  LateResult,
  LoadResult,
  SessionStore,
  Answer as StoreAnswer,
  WriteContext,
} from '../store/store.js';
import type { StorePort } from '../store/store-port.js';
import { encodeBase64Url, type RandomBytes } from '../token/crypto.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/logger.js';
import { createCalling } from './calls.js';
import type { Events } from './events.js';
import type { StoreTime } from './store-time.js';

export interface StorePortContext {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly time: StoreTime;
  readonly random: RandomBytes;
  readonly events: Events;
  readonly logger: Logger;
}

export function createStorePort(context: StorePortContext): StorePort {
  const { store, clock, time, random, events, logger } = context;

  const calling = createCalling({
    name: 'session store',
    timeout: store.timeout,
    clock,
    events,
    logger,
  });

  async function load(sid: string): Promise<LoadResult> {
    const loaded = await calling('load', () => store.load(sid));
    time.observe(loaded.now);
    return loaded;
  }

  const read = store.loadRecord?.bind(store);

  function lookUp(sid: string): Promise<SessionRecord | undefined> {
    if (read === undefined || !time.isFresh) return load(sid).then(({ record }) => record);
    return calling('load', () => read(sid));
  }

  async function sampleTime(sid: string): Promise<void> {
    if (!time.isSampled) await load(sid);
  }

  /** Sends a write; once more when it came late only because the store's clock is not where it was. */
  async function writing<Answer extends StoreAnswer<string>>(
    operation: string,
    send: (write: WriteContext) => Promise<Answer | LateResult>,
  ): Promise<Exclude<Answer, LateResult>> {
    const id = encodeBase64Url(random(12));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const write = { notAfter: time.now() + store.timeout, operation: id };
      const answer = await calling(operation, () => send(write));
      time.observe(answer.now);
      if (answer.confirmed === false) {
        events.emit('unconfirmed', { operation });
        logger.warn({ operation }, 'a write was not confirmed by the replicas');
      }
      if (answer.status !== 'late') return answer as Exclude<Answer, LateResult>;
    }
    return calling(operation, async () => {
      throw new StoreUnavailableError(
        `The session store got '${operation}' after its deadline, and wrote nothing.`,
      );
    });
  }

  return {
    isLocal: store.isLocal === true,
    load,
    lookUp,
    sampleTime,
    peek: (sid) => (time.isSampled ? store.getCached?.(sid) : undefined),
    insert: (record, limit) => writing('insert', (write) => store.insert(record, limit, write)),
    replaceAuth: ({ sid, authVersion }, auth, markReplayed) =>
      writing('replaceAuth', (write) =>
        store.replaceAuth(sid, authVersion, auth, write, markReplayed),
      ),
    replaceData: ({ sid, dataVersion }, data) =>
      writing('replaceData', (write) => store.replaceData(sid, dataVersion, data, write)),
    async remove(sid, record) {
      await sampleTime(sid);
      return writing('remove', (write) => store.remove(sid, write, record?.authVersion));
    },
    async list(tag) {
      const listed = await calling('list', () => store.list(tag));
      time.observe(listed.now);
      return listed;
    },
    removeAll: (tag, except) =>
      writing('removeAll', (write) => store.removeAll(tag, except, write)),
    ready: () => calling('ready', () => store.ready()),
  };
}
